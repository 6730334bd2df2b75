// Blocks of codes with NEON: tbl looks a group up, and uaddw adds its entries to sums of 16 bits.

#include "tables.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 4, REGISTERS = KITH_BLOCK_ROWS / LANES };

typedef struct {
  uint32x4_t s[REGISTERS];
} block_sums;

typedef struct {
  float32x4_t s[REGISTERS];
} block_bounds;

INLINE block_sums sums4(const uint8_t *codes, int32_t groups, int32_t planes, const void *tables) {
  block_sums sums;
  for (int32_t k = 0; k < REGISTERS; k++) sums.s[k] = vdupq_n_u32(0);
  for (int32_t p = 0; p < planes; p++) {
    const uint8_t *table = tables;
    for (int32_t k = 0; k < REGISTERS; k++) sums.s[k] = vshlq_n_u32(sums.s[k], 1);
    for (int32_t from = 0; from < groups; from += KITH_TABLE_CHUNK) {
      const int32_t some = groups - from < KITH_TABLE_CHUNK ? groups - from : KITH_TABLE_CHUNK;
      uint16x8_t a = vdupq_n_u16(0), b = a, c = a, d = a;
      for (int32_t g = 0; g < some; g++, codes += 16, table += 16) {
        const uint8x16_t x = vld1q_u8(codes), t = vld1q_u8(table);
        const uint8x16_t low = vqtbl1q_u8(t, vandq_u8(x, vdupq_n_u8(15))), high = vqtbl1q_u8(t, vshrq_n_u8(x, 4));
        a = vaddw_u8(a, vget_low_u8(low));
        b = vaddw_high_u8(b, low);
        c = vaddw_u8(c, vget_low_u8(high));
        d = vaddw_high_u8(d, high);
      }
      const uint16x8_t added[4] = {a, b, c, d};
      for (int32_t k = 0; k < 4; k++) {
        sums.s[2 * k] = vaddw_u16(sums.s[2 * k], vget_low_u16(added[k]));
        sums.s[2 * k + 1] = vaddw_high_u16(sums.s[2 * k + 1], added[k]);
      }
    }
  }
  return sums;
}

INLINE block_sums sums8(const uint8_t *codes, int32_t groups, int32_t planes, const void *tables) {
  (void)planes;  // one
  int32_t some[KITH_BLOCK_ROWS];
  block_sums sums;
  kith_sums8(codes, groups, tables, some);
  for (int32_t k = 0; k < REGISTERS; k++) sums.s[k] = vreinterpretq_u32_s32(vld1q_s32(some + LANES * k));
  return sums;
}

INLINE void put_sums(block_sums sums, int32_t *to) {
  for (int32_t k = 0; k < REGISTERS; k++) vst1q_s32(to + LANES * k, vreinterpretq_s32_u32(sums.s[k]));
}

INLINE block_bounds bounds_of(block_sums sums, const float *terms, int32_t kinds, const kith_table_terms *q) {
  block_bounds found;
  for (int32_t k = 0; k < REGISTERS; k++) {
    const float *t = terms + LANES * k;
    float32x4_t v = vmulq_n_f32(vcvtq_f32_s32(vreinterpretq_s32_u32(sums.s[k])), q->scale);
    v = vaddq_f32(v, vdupq_n_f32(q->shift));
    if (kinds == 1) {
      v = vaddq_f32(vld1q_f32(t), v);
    } else if (kinds > 1) {
      v = vaddq_f32(vld1q_f32(t), vmulq_f32(vld1q_f32(t + KITH_BLOCK_ROWS), v));
      v = vsubq_f32(v, vmulq_n_f32(vld1q_f32(t + 2 * KITH_BLOCK_ROWS), q->weight));
    }
    found.s[k] = v;
  }
  return found;
}

INLINE uint32_t kept(block_bounds found, float threshold) {
  static const uint32_t bits[LANES] = {1, 2, 4, 8};
  uint32_t mask = 0;
  for (int32_t k = 0; k < REGISTERS; k++) {
    const uint32x4_t above = vcgtq_f32(found.s[k], vdupq_n_f32(threshold));
    mask |= vaddvq_u32(vbicq_u32(vld1q_u32(bits), above)) << (LANES * k);
  }
  return mask;
}

INLINE void put_bounds(block_bounds found, float *to) {
  for (int32_t k = 0; k < REGISTERS; k++) vst1q_f32(to + LANES * k, found.s[k]);
}

KITH_TABLE_LOOPS(neon, )
#endif
