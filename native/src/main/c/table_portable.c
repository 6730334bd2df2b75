// Blocks of codes in plain C: the reference of the other versions, and the fallback where none of them runs.

#include "tables.h"

#define INLINE static inline __attribute__((always_inline))

typedef struct {
  int32_t s[KITH_BLOCK_ROWS];
} block_sums;

typedef struct {
  float s[KITH_BLOCK_ROWS];
} block_bounds;

INLINE block_sums sums4(const uint8_t *codes, int32_t groups, int32_t planes, const void *tables) {
  block_sums all = {{0}};
  for (int32_t p = 0; p < planes; p++) {
    const uint8_t *table = tables;
    for (int32_t r = 0; r < KITH_BLOCK_ROWS; r++) all.s[r] *= 2;
    for (int32_t g = 0; g < groups; g++, table += 16, codes += 16) {
      for (int32_t j = 0; j < 16; j++) {
        all.s[j] += table[codes[j] & 15];
        all.s[16 + j] += table[codes[j] >> 4];
      }
    }
  }
  return all;
}

// 8 rows at a time, whose sums stay in registers.
void kith_sums8(const uint8_t *codes, int32_t groups, const uint16_t *tables, int32_t *sums) {
  for (int32_t r = 0; r < KITH_BLOCK_ROWS; r += 8) {
    const uint8_t *c = codes + r;
    const uint16_t *t = tables;
    uint32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
    for (int32_t g = 0; g < groups; g++, c += KITH_BLOCK_ROWS, t += KITH_TABLE_ENTRIES) {
      s0 += t[c[0]];
      s1 += t[c[1]];
      s2 += t[c[2]];
      s3 += t[c[3]];
      s4 += t[c[4]];
      s5 += t[c[5]];
      s6 += t[c[6]];
      s7 += t[c[7]];
    }
    const uint32_t s[8] = {s0, s1, s2, s3, s4, s5, s6, s7};
    for (int32_t i = 0; i < 8; i++) sums[r + i] = (int32_t)s[i];
  }
}

INLINE block_sums sums8(const uint8_t *codes, int32_t groups, int32_t planes, const void *tables) {
  (void)planes;  // one
  block_sums all;
  kith_sums8(codes, groups, tables, all.s);
  return all;
}

INLINE void put_sums(block_sums sums, int32_t *to) { __builtin_memcpy(to, sums.s, sizeof sums.s); }

INLINE block_bounds bounds_of(block_sums sums, const float *terms, int32_t kinds, const kith_table_terms *q) {
  block_bounds found;
  for (int32_t r = 0; r < KITH_BLOCK_ROWS; r++) {
    const float *t = terms + r;
    const float scaled = q->scale * (float)sums.s[r];
    const float v = scaled + q->shift;
    if (kinds == 0) {
      found.s[r] = v;
    } else if (kinds == 1) {
      found.s[r] = t[0] + v;
    } else {
      const float sloped = t[KITH_BLOCK_ROWS] * v;
      const float bar = q->weight * t[2 * KITH_BLOCK_ROWS];
      const float estimate = t[0] + sloped;
      found.s[r] = estimate - bar;
    }
  }
  return found;
}

INLINE uint32_t kept(block_bounds found, float threshold) {
  uint32_t mask = 0;
  for (int32_t r = 0; r < KITH_BLOCK_ROWS; r++) mask |= (uint32_t)!(found.s[r] > threshold) << r;
  return mask;
}

INLINE void put_bounds(block_bounds found, float *to) { __builtin_memcpy(to, found.s, sizeof found.s); }

KITH_TABLE_LOOPS(portable, )
