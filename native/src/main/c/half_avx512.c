// 16-bit floats with AVX-512. The last elements are loaded and stored under a mask, which touches no others.

#include "picks.h"
#include "variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { WIDTH = 16 };

enum format { F16, BF16 };

// Mask of the first n of 16 elements, n from 0 on.
INLINE __mmask16 first(int64_t n) { return (__mmask16)(n < WIDTH ? (1u << n) - 1 : 0xffff); }

INLINE __m512 widen(__m256i h, enum format format) {
  return format == F16 ? _mm512_cvtph_ps(h) : _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16));
}

INLINE __m512 load(const void *at, enum format format) { return widen(_mm256_loadu_si256(at), format); }

INLINE __m512 load_some(__mmask16 mask, const void *at, enum format format) {
  return widen(_mm256_maskz_loadu_epi16(mask, at), format);
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
  __m512 a##k = _mm512_setzero_ps(), b##k = a##k;
#define STEP_A(k)                                        \
  _mm_prefetch((const char *)y##k + 2 * i, _MM_HINT_T0); \
  a##k = _mm512_fmadd_ps(q, load(x##k + 2 * i, format), a##k);
#define STEP_B(k) b##k = _mm512_fmadd_ps(q, load(x##k + 2 * i + 2 * WIDTH, format), b##k);
#define STEP_SOME(k) a##k = _mm512_fmadd_ps(q, load_some(mask, x##k + 2 * i, format), a##k);
#define STORE(k) dots[i##k] = _mm512_reduce_add_ps(_mm512_add_ps(a##k, b##k));

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
      __m512 q = _mm512_loadu_ps(query + i);
      EACH_ROW(STEP_A)
      q = _mm512_loadu_ps(query + i + WIDTH);
      EACH_ROW(STEP_B)
    }
    for (; i < d; i += WIDTH) {
      const __mmask16 mask = first(d - i);
      const __m512 q = _mm512_maskz_loadu_ps(mask, query + i);
      EACH_ROW(STEP_SOME)
    }
    EACH_ROW(STORE)
  }
}

TARGET void kith_f16_dots_avx512(
    const float *query, const uint16_t *rows, int64_t stride, int32_t count, int32_t d, float *dots) {
  dots_of(query, rows, stride, 0, count, d, dots, F16);
}

TARGET int32_t kith_f16_picked_avx512(
    const float *query, const uint16_t *rows, int64_t stride, int64_t limit, const int32_t *picked, int32_t count,
    int32_t d, float *dots) {
  const int32_t outside = kith_first_outside(picked, count, limit);
  if (outside < 0) dots_of(query, rows, stride, picked, count, d, dots, F16);
  return outside;
}

TARGET void kith_bf16_dots_avx512(
    const float *query, const uint16_t *rows, int64_t stride, int32_t count, int32_t d, float *dots) {
  dots_of(query, rows, stride, 0, count, d, dots, BF16);
}

TARGET int32_t kith_bf16_picked_avx512(
    const float *query, const uint16_t *rows, int64_t stride, int64_t limit, const int32_t *picked, int32_t count,
    int32_t d, float *dots) {
  const int32_t outside = kith_first_outside(picked, count, limit);
  if (outside < 0) dots_of(query, rows, stride, picked, count, d, dots, BF16);
  return outside;
}

INLINE void widen_all(const uint16_t *from, int64_t n, float *to, enum format format) {
  int64_t i = 0;
  for (; i <= n - WIDTH; i += WIDTH) _mm512_storeu_ps(to + i, load(from + i, format));
  const __mmask16 mask = first(n - i);
  _mm512_mask_storeu_ps(to + i, mask, load_some(mask, from + i, format));
}

TARGET void kith_f16_widen_avx512(const uint16_t *from, int64_t n, float *to) { widen_all(from, n, to, F16); }

TARGET void kith_bf16_widen_avx512(const uint16_t *from, int64_t n, float *to) { widen_all(from, n, to, BF16); }

// NaN is not rounded, for that might carry into the sign, but made quiet.
INLINE __m256i bf16_of(__m512 x) {
  const __m512i bits = _mm512_castps_si512(x), high = _mm512_srli_epi32(bits, 16);
  const __m512i odd = _mm512_and_si512(high, _mm512_set1_epi32(1));
  const __m512i sum = _mm512_add_epi32(_mm512_add_epi32(bits, odd), _mm512_set1_epi32(0x7fff));
  const __m512i rounded = _mm512_srli_epi32(sum, 16);
  const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
  return _mm512_cvtepi32_epi16(_mm512_mask_or_epi32(rounded, nan, high, _mm512_set1_epi32(0x40)));
}

INLINE __m256i narrow(__m512 x, enum format format) {
  return format == F16 ? _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT) : bf16_of(x);
}

INLINE void narrow_all(const float *from, int64_t n, uint16_t *to, enum format format) {
  int64_t i = 0;
  for (; i <= n - WIDTH; i += WIDTH) {
    _mm256_storeu_si256((__m256i *)(to + i), narrow(_mm512_loadu_ps(from + i), format));
  }
  const __mmask16 mask = first(n - i);
  _mm256_mask_storeu_epi16(to + i, mask, narrow(_mm512_maskz_loadu_ps(mask, from + i), format));
}

TARGET void kith_f16_narrow_avx512(const float *from, int64_t n, uint16_t *to) { narrow_all(from, n, to, F16); }

TARGET void kith_bf16_narrow_avx512(const float *from, int64_t n, uint16_t *to) { narrow_all(from, n, to, BF16); }

#endif
