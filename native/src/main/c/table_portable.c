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
