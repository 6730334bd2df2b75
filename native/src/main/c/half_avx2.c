// 16-bit floats with AVX2, FMA and F16C.

#include "picks.h"
#include "variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { WIDTH = 8 };

enum format { F16, BF16 };

INLINE __m256 widen(const void *at, enum format format) {
  const __m128i h = _mm_loadu_si128(at);
  return format == F16 ? _mm256_cvtph_ps(h) : _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16));
}

INLINE float widen_one(const uint8_t *at, enum format format) {
  uint16_t h;
  __builtin_memcpy(&h, at, 2);
  const __m128i bits = _mm_cvtsi32_si128(h);
  return _mm_cvtss_f32(format == F16 ? _mm_cvtph_ps(bits) : _mm_castsi128_ps(_mm_slli_epi32(bits, 16)));
}

INLINE float sum_of(__m256 x) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

// Distance of the prefetches ahead of the loads, in bytes: measured.
enum { AHEAD = 4096 };

// 4 rows at a time, with two sums each, hide the latency of an fma. Two of rows in place lie half of all rows after the
// other two, for two streams read memory faster than one; picked rows are taken in their order, and those that come
// next are prefetched. Rows missing at the end are replaced by the last, whose dot product is then written more than
// once: a row's result does not depend on its place.
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3)
#define NEXT(k) (int64_t)picked[n##k + KITH_PICKS_AHEAD < count ? n##k + KITH_PICKS_AHEAD : count - 1]
#define START(k)                                                         \
  const int64_t n##k = picked ? r + k : (k < 2 ? r : half + r) + k % 2;  \
  const int64_t i##k = n##k < count ? n##k : count - 1;                  \
  const uint8_t *x##k = base + (picked ? picked[i##k] : i##k) * stride;  \
  const uint8_t *y##k = picked ? base + NEXT(k) * stride : x##k + AHEAD; \
  __m256 a##k = _mm256_setzero_ps(), b##k = a##k;
#define STEP_A(k)                                        \
  _mm_prefetch((const char *)y##k + 2 * i, _MM_HINT_T0); \
  a##k = _mm256_fmadd_ps(q, widen(x##k + 2 * i, format), a##k);
#define STEP_B(k) b##k = _mm256_fmadd_ps(q, widen(x##k + 2 * i + 2 * WIDTH, format), b##k);
#define FOLD(k) float s##k = sum_of(_mm256_add_ps(a##k, b##k));
#define STEP_ONE(k) s##k = __builtin_fmaf(query[i], widen_one(x##k + 2 * i, format), s##k);
#define STORE(k) dots[i##k] = s##k;

INLINE void dots_of(
    const float *query, const uint16_t *rows, int64_t stride, const int32_t *picked, int32_t count, int32_t d,
    float *dots, enum format format) {
  const uint8_t *base = (const uint8_t *)rows;
  const int64_t half = ((int64_t)count + 3) / 4 * 2;
  if (picked) kith_prefetch_first(base, stride, 2 * (int64_t)d, picked, count);
  for (int64_t r = 0; r < (picked ? count : half); r += picked ? 4 : 2) {
    EACH_ROW(START)
    int64_t i = 0;
    for (; i <= d - 2 * WIDTH; i += 2 * WIDTH) {
      __m256 q = _mm256_loadu_ps(query + i);
      EACH_ROW(STEP_A)
      q = _mm256_loadu_ps(query + i + WIDTH);
      EACH_ROW(STEP_B)
    }
    if (i <= d - WIDTH) {
      const __m256 q = _mm256_loadu_ps(query + i);
      EACH_ROW(STEP_A)
      i += WIDTH;
    }
    EACH_ROW(FOLD)
    for (; i < d; i++) {
      EACH_ROW(STEP_ONE)
    }
    EACH_ROW(STORE)
  }
}

TARGET void kith_f16_dots_avx2(
    const float *query, const uint16_t *rows, int64_t stride, int32_t count, int32_t d, float *dots) {
  dots_of(query, rows, stride, 0, count, d, dots, F16);
}

TARGET int32_t kith_f16_picked_avx2(
    const float *query, const uint16_t *rows, int64_t stride, int64_t limit, const int32_t *picked, int32_t count,
    int32_t d, float *dots) {
  const int32_t outside = kith_first_outside(picked, count, limit);
  if (outside < 0) dots_of(query, rows, stride, picked, count, d, dots, F16);
  return outside;
}

TARGET void kith_bf16_dots_avx2(
    const float *query, const uint16_t *rows, int64_t stride, int32_t count, int32_t d, float *dots) {
  dots_of(query, rows, stride, 0, count, d, dots, BF16);
}

TARGET int32_t kith_bf16_picked_avx2(
    const float *query, const uint16_t *rows, int64_t stride, int64_t limit, const int32_t *picked, int32_t count,
    int32_t d, float *dots) {
  const int32_t outside = kith_first_outside(picked, count, limit);
  if (outside < 0) dots_of(query, rows, stride, picked, count, d, dots, BF16);
  return outside;
}

TARGET void kith_f16_widen_avx2(const uint16_t *from, int64_t n, float *to) {
  int64_t i = 0;
  for (; i <= n - WIDTH; i += WIDTH) _mm256_storeu_ps(to + i, widen(from + i, F16));
  kith_f16_widen_portable(from + i, n - i, to + i);
}

TARGET void kith_bf16_widen_avx2(const uint16_t *from, int64_t n, float *to) {
  int64_t i = 0;
  for (; i <= n - WIDTH; i += WIDTH) _mm256_storeu_ps(to + i, widen(from + i, BF16));
  kith_bf16_widen_portable(from + i, n - i, to + i);
}

TARGET void kith_f16_narrow_avx2(const float *from, int64_t n, uint16_t *to) {
  int64_t i = 0;
  for (; i <= n - WIDTH; i += WIDTH) {
    const __m128i h = _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128((__m128i *)(to + i), h);
  }
  kith_f16_narrow_portable(from + i, n - i, to + i);
}

// 8 bf16 in the low halves of 32 bits each. NaN is not rounded, for that might carry into the sign, but made quiet.
INLINE __m256i bf16_of(__m256 x) {
  const __m256i bits = _mm256_castps_si256(x), high = _mm256_srli_epi32(bits, 16);
  const __m256i odd = _mm256_and_si256(high, _mm256_set1_epi32(1));
  const __m256i sum = _mm256_add_epi32(_mm256_add_epi32(bits, odd), _mm256_set1_epi32(0x7fff));
  const __m256i quiet = _mm256_or_si256(high, _mm256_set1_epi32(0x40));
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  return _mm256_blendv_epi8(_mm256_srli_epi32(sum, 16), quiet, nan);
}

TARGET void kith_bf16_narrow_avx2(const float *from, int64_t n, uint16_t *to) {
  int64_t i = 0;
  for (; i <= n - 2 * WIDTH; i += 2 * WIDTH) {
    const __m256i a = bf16_of(_mm256_loadu_ps(from + i)), b = bf16_of(_mm256_loadu_ps(from + i + WIDTH));
    // The pack takes 4 of a and 4 of b by turns: put the quarters in order.
    const __m256i h = _mm256_permute4x64_epi64(_mm256_packus_epi32(a, b), _MM_SHUFFLE(3, 1, 2, 0));
    _mm256_storeu_si256((__m256i *)(to + i), h);
  }
  kith_bf16_narrow_portable(from + i, n - i, to + i);
}

#endif
