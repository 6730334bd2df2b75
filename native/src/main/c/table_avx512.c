// Blocks of codes with AVX-512 BW: four groups of 4 bits a register, otherwise as with AVX2.

#include "tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { LANES = 16, REGISTERS = KITH_BLOCK_ROWS / LANES };

typedef struct {
  __m512i s[REGISTERS];
} block_sums;

typedef struct {
  __m512 s[REGISTERS];
} block_bounds;

INLINE __m512i load(const void *at) { return _mm512_loadu_si512(at); }

INLINE __m128i fold(__m512i x) {
  const __m256i y = _mm256_add_epi16(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64(x, 1));
  return _mm_add_epi16(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
}

// The 16 rows of two accumulators, at most 255 * 256 each, as 32-bit sums.
INLINE __m512i rows_of(__m512i all, __m512i odd) {
  const __m128i e = fold(_mm512_sub_epi16(all, _mm512_slli_epi16(odd, 8))), o = fold(odd);
  return _mm512_cvtepu16_epi32(_mm256_set_m128i(_mm_unpackhi_epi16(e, o), _mm_unpacklo_epi16(e, o)));
}

INLINE block_sums sums4(const uint8_t *codes, int32_t groups, int32_t planes, const void *tables) {
  const __m512i nibble = _mm512_set1_epi8(15), zero = _mm512_setzero_si512();
  block_sums sums = {{zero, zero}};
  for (int32_t p = 0; p < planes; p++) {
    const uint8_t *table = tables;
    for (int32_t k = 0; k < REGISTERS; k++) sums.s[k] = _mm512_slli_epi32(sums.s[k], 1);
    for (int32_t from = 0; from < groups; from += KITH_TABLE_CHUNK) {
      const int32_t some = groups - from < KITH_TABLE_CHUNK ? groups - from : KITH_TABLE_CHUNK;
      __m512i all0 = zero, odd0 = zero, all1 = zero, odd1 = zero;
      for (int32_t g = 0; g < some; g += 4) {
        const __m512i c = load(codes + 16 * g), t = load(table + 16 * g);
        const __m512i x = _mm512_shuffle_epi8(t, _mm512_and_si512(c, nibble));
        const __m512i y = _mm512_shuffle_epi8(t, _mm512_and_si512(_mm512_srli_epi16(c, 4), nibble));
        all0 = _mm512_add_epi16(all0, x);
        all1 = _mm512_add_epi16(all1, y);
        odd0 = _mm512_add_epi16(odd0, _mm512_srli_epi16(x, 8));
        odd1 = _mm512_add_epi16(odd1, _mm512_srli_epi16(y, 8));
      }
      sums.s[0] = _mm512_add_epi32(sums.s[0], rows_of(all0, odd0));
      sums.s[1] = _mm512_add_epi32(sums.s[1], rows_of(all1, odd1));
      codes += 16 * some;
      table += 16 * some;
    }
  }
  return sums;
}

INLINE block_sums sums8(const uint8_t *codes, int32_t groups, int32_t planes, const void *tables) {
  (void)planes;  // one
  int32_t some[KITH_BLOCK_ROWS];
  block_sums sums;
  kith_sums8(codes, groups, tables, some);
  for (int32_t k = 0; k < REGISTERS; k++) sums.s[k] = load(some + LANES * k);
  return sums;
}

INLINE void put_sums(block_sums sums, int32_t *to) {
  for (int32_t k = 0; k < REGISTERS; k++) _mm512_storeu_si512(to + LANES * k, sums.s[k]);
}

INLINE block_bounds bounds_of(block_sums sums, const float *terms, int32_t kinds, const kith_table_terms *q) {
  block_bounds found;
  const __m512 scale = _mm512_set1_ps(q->scale), shift = _mm512_set1_ps(q->shift), weight = _mm512_set1_ps(q->weight);
  for (int32_t k = 0; k < REGISTERS; k++) {
    const float *t = terms + LANES * k;
    __m512 v = _mm512_add_ps(_mm512_mul_ps(scale, _mm512_cvtepi32_ps(sums.s[k])), shift);
    if (kinds == 1) {
      v = _mm512_add_ps(_mm512_loadu_ps(t), v);
    } else if (kinds > 1) {
      v = _mm512_add_ps(_mm512_loadu_ps(t), _mm512_mul_ps(_mm512_loadu_ps(t + KITH_BLOCK_ROWS), v));
      v = _mm512_sub_ps(v, _mm512_mul_ps(weight, _mm512_loadu_ps(t + 2 * KITH_BLOCK_ROWS)));
    }
    found.s[k] = v;
  }
  return found;
}

INLINE uint32_t kept(block_bounds found, float threshold) {
  const __m512 t = _mm512_set1_ps(threshold);
  return (uint32_t)_mm512_cmp_ps_mask(found.s[0], t, _CMP_NGT_UQ) |
         (uint32_t)_mm512_cmp_ps_mask(found.s[1], t, _CMP_NGT_UQ) << LANES;
}

INLINE void put_bounds(block_bounds found, float *to) {
  for (int32_t k = 0; k < REGISTERS; k++) _mm512_storeu_ps(to + LANES * k, found.s[k]);
}

KITH_TABLE_LOOPS(avx512, TARGET)
#endif
