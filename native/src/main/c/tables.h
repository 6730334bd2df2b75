// What the loops over blocks of 32 rows have in common: the functions of kith.h, made of what each instruction set
// defines before it includes this: block_sums, sums4, put_sums, block_bounds, bounds_of, put_bounds, kept.

#ifndef KITH_TABLES_H
#define KITH_TABLES_H

#include "variants.h"

// Groups of 4 bits whose entries, at most 255 each, may be added in 16 bits.
enum { KITH_TABLE_CHUNK = 256, KITH_TABLE_ENTRIES = 256 };

// Sums of a block of 8-bit groups, in plain C for all instruction sets: none looks up in tables of 256 entries, and
// gathers take a load an entry, too.
void kith_sums8(const uint8_t *codes, int32_t groups, const uint16_t *tables, int32_t *sums);

#define KITH_TABLE_SUMS(name, attributes, of_block)                                                                \
  attributes void name(                                                                                            \
      const uint8_t *codes, int64_t stride, int32_t count, int32_t groups, int32_t planes, const void *tables,     \
      int32_t *sums) {                                                                                             \
    for (int32_t b = 0; b < count; b++) {                                                                          \
      put_sums(of_block(codes + b * stride, groups, planes, tables), sums + KITH_BLOCK_ROWS * (int64_t)b);         \
    }                                                                                                              \
  }

#define KITH_TABLE_SCAN(name, attributes, of_block)                                                                \
  attributes int32_t name(                                                                                         \
      const uint8_t *codes, const uint8_t *terms, int64_t stride, int32_t rows_given, int32_t groups,              \
      int32_t planes, int32_t kinds, const void *tables, const kith_table_terms *query, const uint32_t *allowed,   \
      int32_t *rows, float *bounds) {                                                                              \
    int32_t n = 0;                                                                                                 \
    for (int32_t b = 0; KITH_BLOCK_ROWS * b < rows_given; b++) {                                                   \
      const int32_t left = rows_given - KITH_BLOCK_ROWS * b;                                                       \
      uint32_t mask = left < KITH_BLOCK_ROWS ? (1u << left) - 1 : ~0u;                                             \
      if (allowed) mask &= allowed[b];                                                                             \
      if (!mask) continue;                                                                                         \
      const block_bounds found = bounds_of(                                                                        \
          of_block(codes + b * stride, groups, planes, tables),                                                    \
          (const float *)(const void *)(terms + b * stride), kinds, query);                                        \
      mask &= kept(found, query->threshold);                                                                       \
      if (!mask) continue;                                                                                         \
      float some[KITH_BLOCK_ROWS];                                                                                 \
      put_bounds(found, some);                                                                                     \
      for (; mask; mask &= mask - 1, n++) {                                                                        \
        const int32_t r = __builtin_ctz(mask);                                                                     \
        rows[n] = KITH_BLOCK_ROWS * b + r;                                                                         \
        bounds[n] = some[r];                                                                                       \
      }                                                                                                            \
    }                                                                                                              \
    return n;                                                                                                      \
  }

#define KITH_TABLE_LOOPS(suffix, attributes)                        \
  KITH_TABLE_SUMS(kith_table4_sums_##suffix, attributes, sums4)     \
  KITH_TABLE_SUMS(kith_table8_sums_##suffix, attributes, sums8)     \
  KITH_TABLE_SCAN(kith_table4_scan_##suffix, attributes, sums4)     \
  KITH_TABLE_SCAN(kith_table8_scan_##suffix, attributes, sums8)

#endif
