// 16-bit floats with NEON, as every aarch64 processor has it.

#include "picks.h"
#include "variants.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define INLINE static inline __attribute__((always_inline))

enum { WIDTH = 4, LINE = 32 };  // elements of a register of float32, and of a line of the cache

enum format { F16, BF16 };

INLINE float32x4_t widen(uint16x4_t h, enum format format) {
  return format == F16 ? vcvt_f32_f16(vreinterpret_f16_u16(h)) : vreinterpretq_f32_u32(vshll_n_u16(h, 16));
}

INLINE float32x4_t widen_low(uint16x8_t h, enum format format) { return widen(vget_low_u16(h), format); }

INLINE float32x4_t widen_high(uint16x8_t h, enum format format) { return widen(vget_high_u16(h), format); }

INLINE uint16x8_t load(const uint8_t *at) { return vreinterpretq_u16_u8(vld1q_u8(at)); }

INLINE float widen_one(const uint8_t *at, enum format format) {
  uint16_t h;
  __builtin_memcpy(&h, at, 2);
  return vgetq_lane_f32(widen(vdup_n_u16(h), format), 0);
}

// 4 rows at a time, with two sums each, hide the latency of an fma. Of picked rows, those that come next are
// prefetched. Rows missing at the end are replaced by the last, whose dot product is then written more than once: a
// row's result does not depend on its place.
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3)
#define NEXT(k) (int64_t)picked[r + k + KITH_PICKS_AHEAD < count ? r + k + KITH_PICKS_AHEAD : count - 1]
#define START(k)                                                        \
  const int64_t i##k = r + k < count ? r + k : count - 1;               \
  const uint8_t *x##k = base + (picked ? picked[i##k] : i##k) * stride; \
  const uint8_t *y##k = picked ? base + NEXT(k) * stride : 0;           \
  float32x4_t a##k = vdupq_n_f32(0), b##k = a##k;
#define STEP(k)                                                  \
  if (picked && i % LINE == 0) __builtin_prefetch(y##k + 2 * i); \
  h = load(x##k + 2 * i);                                        \
  a##k = vfmaq_f32(a##k, q0, widen_low(h, format));              \
  b##k = vfmaq_f32(b##k, q1, widen_high(h, format));
#define FOLD(k) float s##k = vaddvq_f32(vaddq_f32(a##k, b##k));
#define STEP_ONE(k) s##k = __builtin_fmaf(query[i], widen_one(x##k + 2 * i, format), s##k);
#define STORE(k) dots[i##k] = s##k;

INLINE void dots_of(
    const float *query, const uint16_t *rows, int64_t stride, const int32_t *picked, int32_t count, int32_t d,
    float *dots, enum format format) {
  const uint8_t *base = (const uint8_t *)rows;
  if (picked) kith_prefetch_first(base, stride, 2 * (int64_t)d, picked, count);
  for (int64_t r = 0; r < count; r += 4) {
    EACH_ROW(START)
    int64_t i = 0;
    for (; i <= d - 2 * WIDTH; i += 2 * WIDTH) {
      const float32x4_t q0 = vld1q_f32(query + i), q1 = vld1q_f32(query + i + WIDTH);
      uint16x8_t h;
      EACH_ROW(STEP)
    }
    EACH_ROW(FOLD)
    for (; i < d; i++) {
      EACH_ROW(STEP_ONE)
    }
    EACH_ROW(STORE)
  }
}

void kith_f16_dots_neon(
    const float *query, const uint16_t *rows, int64_t stride, int32_t count, int32_t d, float *dots) {
  dots_of(query, rows, stride, 0, count, d, dots, F16);
}

int32_t kith_f16_picked_neon(
    const float *query, const uint16_t *rows, int64_t stride, int64_t limit, const int32_t *picked, int32_t count,
    int32_t d, float *dots) {
  const int32_t outside = kith_first_outside(picked, count, limit);
  if (outside < 0) dots_of(query, rows, stride, picked, count, d, dots, F16);
  return outside;
}

void kith_bf16_dots_neon(
    const float *query, const uint16_t *rows, int64_t stride, int32_t count, int32_t d, float *dots) {
  dots_of(query, rows, stride, 0, count, d, dots, BF16);
}

int32_t kith_bf16_picked_neon(
    const float *query, const uint16_t *rows, int64_t stride, int64_t limit, const int32_t *picked, int32_t count,
    int32_t d, float *dots) {
  const int32_t outside = kith_first_outside(picked, count, limit);
  if (outside < 0) dots_of(query, rows, stride, picked, count, d, dots, BF16);
  return outside;
}

void kith_f16_widen_neon(const uint16_t *from, int64_t n, float *to) {
  int64_t i = 0;
  for (; i <= n - WIDTH; i += WIDTH) vst1q_f32(to + i, widen(vld1_u16(from + i), F16));
  kith_f16_widen_portable(from + i, n - i, to + i);
}

void kith_bf16_widen_neon(const uint16_t *from, int64_t n, float *to) {
  int64_t i = 0;
  for (; i <= n - WIDTH; i += WIDTH) vst1q_f32(to + i, widen(vld1_u16(from + i), BF16));
  kith_bf16_widen_portable(from + i, n - i, to + i);
}

void kith_f16_narrow_neon(const float *from, int64_t n, uint16_t *to) {
  int64_t i = 0;
  for (; i <= n - WIDTH; i += WIDTH) vst1_u16(to + i, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(from + i))));
  kith_f16_narrow_portable(from + i, n - i, to + i);
}

// NaN is not rounded, for that might carry into the sign, but made quiet.
INLINE uint16x4_t bf16_of(float32x4_t x) {
  const uint32x4_t bits = vreinterpretq_u32_f32(x), high = vshrq_n_u32(bits, 16);
  const uint32x4_t sum = vaddq_u32(vaddq_u32(bits, vandq_u32(high, vdupq_n_u32(1))), vdupq_n_u32(0x7fff));
  const uint32x4_t quiet = vorrq_u32(high, vdupq_n_u32(0x40));
  return vmovn_u32(vbslq_u32(vceqq_f32(x, x), vshrq_n_u32(sum, 16), quiet));
}

void kith_bf16_narrow_neon(const float *from, int64_t n, uint16_t *to) {
  int64_t i = 0;
  for (; i <= n - WIDTH; i += WIDTH) vst1_u16(to + i, bf16_of(vld1q_f32(from + i)));
  kith_bf16_narrow_portable(from + i, n - i, to + i);
}

#endif
