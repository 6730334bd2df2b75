// Row-major codes with AVX-512 VNNI. The rows' codes are the unsigned side of vpdpbusd as they are stored, and the
// query's are its signed side, so that nothing is corrected and nothing saturates.

#include "picks.h"
#include "variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { ROWS = 4, AHEAD = KITH_PICKS_AHEAD };

INLINE __m512i load(const void *at) { return _mm512_loadu_si512(at); }

INLINE __m512i lower(__m512i x) { return _mm512_and_si512(x, _mm512_set1_epi8(15)); }

INLINE __m512i upper(__m512i x) { return lower(_mm512_srli_epi16(x, 4)); }

// Folds four registers of sums at once.
INLINE __m128i fold(__m512i a, __m512i b, __m512i c, __m512i d) {
  const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
  const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
  const __m512i all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
  const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
  return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

// 4 rows at a time share the loads of the query and one fold. Rows missing at the end are replaced by the last.
#define PICK(i) (int64_t)picked[(i) < count ? (i) : count - 1]
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3)
#define START(k)                                                   \
  const int64_t r##k = PICK(i + k), next##k = PICK(i + AHEAD + k); \
  const uint8_t *x##k = codes + r##k * stride;                     \
  const uint8_t *y##k = codes + next##k * stride;                  \
  __m512i s##k = _mm512_setzero_si512();                           \
  _mm_prefetch((const char *)(terms + next##k), _MM_HINT_T0);
#define STEP8(k)                                     \
  _mm_prefetch((const char *)y##k + j, _MM_HINT_T0); \
  s##k = _mm512_dpbusd_epi32(s##k, load(x##k + j), q);
#define STEP4(k)                                     \
  _mm_prefetch((const char *)y##k + j, _MM_HINT_T0); \
  x = load(x##k + j);                                \
  s##k = _mm512_dpbusd_epi32(s##k, lower(x), q);     \
  s##k = _mm512_dpbusd_epi32(s##k, upper(x), p);

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
        const __m512i q = load(query + j);
        EACH_ROW(STEP8)
      }
    } else {
      for (int32_t j = 0; j < width / 2; j += KITH_LINE) {
        const __m512i q = load(query + 2 * j), p = load(query + 2 * j + KITH_LINE);
        __m512i x;
        EACH_ROW(STEP4)
      }
    }
    const __m128 products = _mm_cvtepi32_ps(fold(s0, s1, s2, s3));
    const __m128 term = _mm_setr_ps(terms[r0], terms[r1], terms[r2], terms[r3]);
    const __m128 result = _mm_sub_ps(term, _mm_mul_ps(_mm_set1_ps(scale), products));
    const int32_t left = count - i;
    _mm_mask_storeu_ps(estimates + i, (__mmask8)(left < ROWS ? (1u << left) - 1 : 15), result);
  }
  return -1;
}

TARGET int32_t kith_codes8_avx512_vnni(
    const int8_t *query, const uint8_t *codes, int64_t stride, int32_t width, const float *terms, float scale,
    int64_t rows, const int32_t *picked, int32_t count, float *estimates) {
  return estimate(query, codes, stride, width, terms, scale, rows, picked, count, estimates, 8);
}

TARGET int32_t kith_codes4_avx512_vnni(
    const int8_t *query, const uint8_t *codes, int64_t stride, int32_t width, const float *terms, float scale,
    int64_t rows, const int32_t *picked, int32_t count, float *estimates) {
  return estimate(query, codes, stride, width, terms, scale, rows, picked, count, estimates, 4);
}
#endif
