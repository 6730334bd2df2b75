// Row-major codes with AVX2. vpmaddubsw saturates where two products of 8-bit codes exceed 16 bits, so that those are
// widened first, even and odd bytes apart, as in panel_avx2.c. Of 4-bit codes the products are at most 15 * 128, and 16
// bits hold the sum of 16 of them: vpmaddubsw is exact.

#include "picks.h"
#include "variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { ROWS = 4, AHEAD = KITH_PICKS_AHEAD, WIDTH = 32 };

INLINE __m256i load(const void *at) { return _mm256_loadu_si256(at); }

INLINE __m256i even(__m256i x) { return _mm256_and_si256(x, _mm256_set1_epi16(0xff)); }

INLINE __m256i odd(__m256i x) { return _mm256_srli_epi16(x, 8); }

INLINE __m256i lower(__m256i x) { return _mm256_and_si256(x, _mm256_set1_epi8(15)); }

INLINE __m256i upper(__m256i x) { return lower(_mm256_srli_epi16(x, 4)); }

INLINE __m256i add_products(__m256i sums, __m256i x, __m256i even_codes, __m256i odd_codes) {
  sums = _mm256_add_epi32(sums, _mm256_madd_epi16(even(x), even_codes));
  return _mm256_add_epi32(sums, _mm256_madd_epi16(odd(x), odd_codes));
}

// Sums of four products of 4-bit codes, 16 bits wide.
INLINE __m256i products4(__m256i x, __m256i q, __m256i p) {
  return _mm256_add_epi16(_mm256_maddubs_epi16(lower(x), q), _mm256_maddubs_epi16(upper(x), p));
}

// Folds four registers of sums at once.
INLINE __m128i fold(__m256i a, __m256i b, __m256i c, __m256i d) {
  const __m256i ab = _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
  const __m256i cd = _mm256_add_epi32(_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
  const __m256i all = _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
  return _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
}

// 4 rows at a time share the loads of the query and one fold. Rows missing at the end are replaced by the last.
#define PICK(i) (int64_t)picked[(i) < count ? (i) : count - 1]
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3)
#define START(k)                                                   \
  const int64_t r##k = PICK(i + k), next##k = PICK(i + AHEAD + k); \
  const uint8_t *x##k = codes + r##k * stride;                     \
  const uint8_t *y##k = codes + next##k * stride;                  \
  __m256i s##k = _mm256_setzero_si256();                           \
  _mm_prefetch((const char *)(terms + next##k), _MM_HINT_T0);
#define PREFETCH(k) _mm_prefetch((const char *)y##k + j, _MM_HINT_T0);
#define STEP8(k) s##k = add_products(s##k, load(x##k + j + h), evens, odds);
#define STEP4(k)                                                                                         \
  sums = _mm256_add_epi16(products4(load(x##k + j), q0, p0), products4(load(x##k + j + WIDTH), q1, p1)); \
  s##k = _mm256_add_epi32(s##k, _mm256_madd_epi16(sums, _mm256_set1_epi16(1)));

INLINE int32_t estimate(
    const int8_t *query, const uint8_t *codes, int64_t stride, int32_t width, const float *terms, float scale,
    int64_t rows, const int32_t *picked, int32_t count, float *estimates, int bits) {
  const int32_t outside = kith_first_outside(picked, count, rows);
  if (outside >= 0) return outside;
  kith_prefetch_first(codes, stride, width * bits / 8, picked, count);
  for (int32_t i = 0; i < count; i += ROWS) {
    EACH_ROW(START)
    if (bits == 8) {
      for (int32_t j = 0; j < width; j += KITH_LINE) {
        EACH_ROW(PREFETCH)
        for (int32_t h = 0; h < KITH_LINE; h += WIDTH) {
          const __m256i q = load(query + j + h);
          const __m256i evens = _mm256_srai_epi16(_mm256_slli_epi16(q, 8), 8), odds = _mm256_srai_epi16(q, 8);
          EACH_ROW(STEP8)
        }
      }
    } else {
      for (int32_t j = 0; j < width / 2; j += KITH_LINE) {
        const int8_t *q = query + 2 * j;
        const __m256i q0 = load(q), q1 = load(q + WIDTH), p0 = load(q + KITH_LINE), p1 = load(q + KITH_LINE + WIDTH);
        __m256i sums;
        EACH_ROW(PREFETCH)
        EACH_ROW(STEP4)
      }
    }
    const __m128 products = _mm_cvtepi32_ps(fold(s0, s1, s2, s3));
    const __m128 term = _mm_setr_ps(terms[r0], terms[r1], terms[r2], terms[r3]);
    const __m128 result = _mm_sub_ps(term, _mm_mul_ps(_mm_set1_ps(scale), products));
    if (i + ROWS <= count) {
      _mm_storeu_ps(estimates + i, result);
    } else {
      float some[ROWS];
      _mm_storeu_ps(some, result);
      for (int32_t k = 0; i + k < count; k++) estimates[i + k] = some[k];
    }
  }
  return -1;
}

TARGET int32_t kith_codes8_avx2(
    const int8_t *query, const uint8_t *codes, int64_t stride, int32_t width, const float *terms, float scale,
    int64_t rows, const int32_t *picked, int32_t count, float *estimates) {
  return estimate(query, codes, stride, width, terms, scale, rows, picked, count, estimates, 8);
}

TARGET int32_t kith_codes4_avx2(
    const int8_t *query, const uint8_t *codes, int64_t stride, int32_t width, const float *terms, float scale,
    int64_t rows, const int32_t *picked, int32_t count, float *estimates) {
  return estimate(query, codes, stride, width, terms, scale, rows, picked, count, estimates, 4);
}
#endif
