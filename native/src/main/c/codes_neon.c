// Row-major codes with NEON's dot products. sdot multiplies signed bytes with signed ones, so that an xor takes 128 off
// the rows' 8-bit codes, and 128 times the sum of the query's codes goes on again. 4-bit codes fit as they are.

#include "picks.h"
#include "variants.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#if defined(__ARM_FEATURE_DOTPROD)
#define TARGET
#elif defined(__clang__)
#define TARGET __attribute__((target("dotprod")))  // from clang 16 on; older ones want -march=armv8.2-a+dotprod
#else
#define TARGET __attribute__((target("arch=armv8.2-a+dotprod")))
#endif
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { ROWS = 4, AHEAD = KITH_PICKS_AHEAD, WIDTH = 16 };

INLINE int8x16_t less128(uint8x16_t x) { return vreinterpretq_s8_u8(veorq_u8(x, vdupq_n_u8(0x80))); }

INLINE int8x16_t lower(uint8x16_t x) { return vreinterpretq_s8_u8(vandq_u8(x, vdupq_n_u8(15))); }

INLINE int8x16_t upper(uint8x16_t x) { return vreinterpretq_s8_u8(vshrq_n_u8(x, 4)); }

INLINE int32_t sum_of(const int8_t *query, int32_t width) {
  int32x4_t sums = vdupq_n_s32(0);
  for (int32_t j = 0; j < width; j += WIDTH) sums = vdotq_s32(sums, vld1q_s8(query + j), vdupq_n_s8(1));
  return vaddvq_s32(sums);
}

// 4 rows at a time share the loads of the query and one fold. Rows missing at the end are replaced by the last.
#define PICK(i) (int64_t)picked[(i) < count ? (i) : count - 1]
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3)
#define START(k)                                                   \
  const int64_t r##k = PICK(i + k), next##k = PICK(i + AHEAD + k); \
  const uint8_t *x##k = codes + r##k * stride;                     \
  const uint8_t *y##k = codes + next##k * stride;                  \
  int32x4_t s##k = vdupq_n_s32(0);                                 \
  __builtin_prefetch(terms + next##k);
#define PREFETCH(k) __builtin_prefetch(y##k + j);
#define STEP8(k) s##k = vdotq_s32(s##k, less128(vld1q_u8(x##k + j + h)), q);
#define STEP4(k)                       \
  x = vld1q_u8(x##k + j + h);          \
  s##k = vdotq_s32(s##k, lower(x), q); \
  s##k = vdotq_s32(s##k, upper(x), p);

INLINE int32_t estimate(
    const int8_t *query, const uint8_t *codes, int64_t stride, int32_t width, const float *terms, float scale,
    int64_t rows, const int32_t *picked, int32_t count, float *estimates, int bits) {
  const int32_t outside = kith_first_outside(picked, count, rows);
  if (outside >= 0) return outside;
  const int32x4_t correction = vdupq_n_s32(bits == 8 ? 128 * sum_of(query, width) : 0);
  kith_prefetch_first(codes, stride, width * bits / 8, picked, count);
  for (int32_t i = 0; i < count; i += ROWS) {
    EACH_ROW(START)
    if (bits == 8) {
      for (int32_t j = 0; j < width; j += KITH_LINE) {
        EACH_ROW(PREFETCH)
        for (int32_t h = 0; h < KITH_LINE; h += WIDTH) {
          const int8x16_t q = vld1q_s8(query + j + h);
          EACH_ROW(STEP8)
        }
      }
    } else {
      for (int32_t j = 0; j < width / 2; j += KITH_LINE) {
        EACH_ROW(PREFETCH)
        for (int32_t h = 0; h < KITH_LINE; h += WIDTH) {
          const int8x16_t q = vld1q_s8(query + 2 * j + h), p = vld1q_s8(query + 2 * j + KITH_LINE + h);
          uint8x16_t x;
          EACH_ROW(STEP4)
        }
      }
    }
    const int32x4_t folded = vpaddq_s32(vpaddq_s32(s0, s1), vpaddq_s32(s2, s3));
    const float32x4_t products = vcvtq_f32_s32(vaddq_s32(folded, correction));
    const float term[ROWS] = {terms[r0], terms[r1], terms[r2], terms[r3]};
    const float32x4_t result = vsubq_f32(vld1q_f32(term), vmulq_n_f32(products, scale));
    if (i + ROWS <= count) {
      vst1q_f32(estimates + i, result);
    } else {
      float some[ROWS];
      vst1q_f32(some, result);
      for (int32_t k = 0; i + k < count; k++) estimates[i + k] = some[k];
    }
  }
  return -1;
}

TARGET int32_t kith_codes8_neon_dotprod(
    const int8_t *query, const uint8_t *codes, int64_t stride, int32_t width, const float *terms, float scale,
    int64_t rows, const int32_t *picked, int32_t count, float *estimates) {
  return estimate(query, codes, stride, width, terms, scale, rows, picked, count, estimates, 8);
}

TARGET int32_t kith_codes4_neon_dotprod(
    const int8_t *query, const uint8_t *codes, int64_t stride, int32_t width, const float *terms, float scale,
    int64_t rows, const int32_t *picked, int32_t count, float *estimates) {
  return estimate(query, codes, stride, width, terms, scale, rows, picked, count, estimates, 4);
}
#endif
