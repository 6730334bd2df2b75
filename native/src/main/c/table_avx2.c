// Blocks of codes with AVX2. A register holds two groups of 4 bits, one a half, as vpshufb looks them up: the even and
// odd rows' entries are the bytes of 16-bit lanes. A lane of `all` sums both, the odd row's times 256, modulo 2^16; one of
// `odd` sums the odd row's alone; taking that times 256 off leaves the even row's.

#include "tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { LANES = 8, REGISTERS = KITH_BLOCK_ROWS / LANES };

typedef struct {
  __m256i s[REGISTERS];
} block_sums;

typedef struct {
  __m256 s[REGISTERS];
} block_bounds;

INLINE __m256i load(const void *at) { return _mm256_loadu_si256(at); }

INLINE __m128i fold(__m256i x) { return _mm_add_epi16(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1)); }

// Adds the 16 rows of two accumulators, at most 255 * 256 each, to 32-bit sums.
INLINE void add_rows(__m256i all, __m256i odd, __m256i *sums) {
  const __m128i e = fold(_mm256_sub_epi16(all, _mm256_slli_epi16(odd, 8))), o = fold(odd);
  sums[0] = _mm256_add_epi32(sums[0], _mm256_cvtepu16_epi32(_mm_unpacklo_epi16(e, o)));
  sums[1] = _mm256_add_epi32(sums[1], _mm256_cvtepu16_epi32(_mm_unpackhi_epi16(e, o)));
}

#define STEP(g)                                                                    \
  {                                                                                \
    const __m256i c = load(codes + 16 * (g)), t = load(table + 16 * (g));          \
    const __m256i x = _mm256_shuffle_epi8(t, _mm256_and_si256(c, nibble));         \
    const __m256i y = _mm256_shuffle_epi8(t, _mm256_and_si256(_mm256_srli_epi16(c, 4), nibble)); \
    all0 = _mm256_add_epi16(all0, x);                                              \
    all1 = _mm256_add_epi16(all1, y);                                              \
    odd0 = _mm256_add_epi16(odd0, _mm256_srli_epi16(x, 8));                        \
    odd1 = _mm256_add_epi16(odd1, _mm256_srli_epi16(y, 8));                        \
  }

INLINE block_sums sums4(const uint8_t *codes, int32_t groups, int32_t planes, const void *tables) {
  const __m256i nibble = _mm256_set1_epi8(15), zero = _mm256_setzero_si256();
  block_sums sums = {{zero, zero, zero, zero}};
  for (int32_t p = 0; p < planes; p++) {
    const uint8_t *table = tables;
    for (int32_t k = 0; k < REGISTERS; k++) sums.s[k] = _mm256_slli_epi32(sums.s[k], 1);
    for (int32_t from = 0; from < groups; from += KITH_TABLE_CHUNK) {
      const int32_t some = groups - from < KITH_TABLE_CHUNK ? groups - from : KITH_TABLE_CHUNK;
      __m256i all0 = zero, odd0 = zero, all1 = zero, odd1 = zero;
      for (int32_t g = 0; g < some; g += 4) {
        STEP(g)
        STEP(g + 2)
      }
      add_rows(all0, odd0, sums.s);
      add_rows(all1, odd1, sums.s + 2);
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
  for (int32_t k = 0; k < REGISTERS; k++) _mm256_storeu_si256((__m256i *)(to + LANES * k), sums.s[k]);
}

INLINE block_bounds bounds_of(block_sums sums, const float *terms, int32_t kinds, const kith_table_terms *q) {
  block_bounds found;
  const __m256 scale = _mm256_set1_ps(q->scale), shift = _mm256_set1_ps(q->shift), weight = _mm256_set1_ps(q->weight);
  for (int32_t k = 0; k < REGISTERS; k++) {
    const float *t = terms + LANES * k;
    __m256 v = _mm256_add_ps(_mm256_mul_ps(scale, _mm256_cvtepi32_ps(sums.s[k])), shift);
    if (kinds == 1) {
      v = _mm256_add_ps(_mm256_loadu_ps(t), v);
    } else if (kinds > 1) {
      v = _mm256_add_ps(_mm256_loadu_ps(t), _mm256_mul_ps(_mm256_loadu_ps(t + KITH_BLOCK_ROWS), v));
      v = _mm256_sub_ps(v, _mm256_mul_ps(weight, _mm256_loadu_ps(t + 2 * KITH_BLOCK_ROWS)));
    }
    found.s[k] = v;
  }
  return found;
}

INLINE uint32_t kept(block_bounds found, float threshold) {
  const __m256 t = _mm256_set1_ps(threshold);
  uint32_t mask = 0;
  for (int32_t k = 0; k < REGISTERS; k++) {
    mask |= (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(found.s[k], t, _CMP_NGT_UQ)) << (LANES * k);
  }
  return mask;
}

INLINE void put_bounds(block_bounds found, float *to) {
  for (int32_t k = 0; k < REGISTERS; k++) _mm256_storeu_ps(to + LANES * k, found.s[k]);
}

KITH_TABLE_LOOPS(avx2, TARGET)
#endif
