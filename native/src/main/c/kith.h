// The loops that C runs faster than Java, for dev.kith.nativekernels. Every function has a portable version and
// versions for instruction sets; kernels.c lists them with what the processor says it can do.
//
// Rules. Pointers are never null unless said so. No function reads or writes outside what is described, but for
// prefetches, which cannot fail. Nothing is allocated, nothing is kept. Panels and their stride are multiples of 8
// bytes; d is at most 65,536, so that every product fits int32. Rounding: to nearest, denormals honoured,
// contraction off unless an fma is written.

#ifndef KITH_H
#define KITH_H

#include <stdint.h>

#if defined(_WIN32)
#define KITH_EXPORT __declspec(dllexport)
#else
#define KITH_EXPORT __attribute__((visibility("default")))
#endif

// Rows whose codes lie side by side: one panel. docs/formats/shadow.md draws it.
enum { KITH_PANEL_ROWS = 16 };

// The terms of a panel, which follow its codes: 16 of each kind, one a row.
typedef struct {
  float scale[KITH_PANEL_ROWS];     // a code stands for code * scale
  float lift[KITH_PANEL_ROWS];      // what the row adds to its score, rounded up
  float residual[KITH_PANEL_ROWS];  // norm of what the codes do not stand for, rounded up
  float reach[KITH_PANEL_ROWS];     // at least the norms of the coded vector and of its codes
  double base[KITH_PANEL_ROWS];     // not read here
} kith_panel_terms;

// How a query's score is bounded from above by its product with a row's codes, I = <query codes, row codes>:
//   (I * scale [+ I_low * low_scale]) * row.scale + row.lift + weight * row.residual + slack * row.reach
typedef struct {
  float scale;
  float low_scale;
  float weight;
  float slack;
  int32_t bias;      // 128 * sum of the codes: row codes are stored with 128 added
  int32_t low_bias;
  float threshold;   // rows whose bound is below it are dropped; not (bound < threshold) keeps, so NaN stays
  float unused;
} kith_query_terms;

// One query against `count` panels, each `stride` bytes after the last: `groups` groups of 4 elements, [group][16][4]
// bytes, then the terms. `high`, and `low` unless it is null, are the query's codes, [groups][4] signed bytes.
// `allowed`, unless null, has bit r of word p set iff row r of panel p may be returned.
// Writes the rows kept, counted from the first panel's first, in no fixed order, and their products.
// Room for 16 * count each. Returns how many.
typedef int32_t kith_panel_scan_fn(
    const uint8_t *panels, int64_t stride, int32_t count, int32_t groups, const int8_t *high, const int8_t *low,
    const kith_query_terms *query, const uint16_t *allowed, int32_t *rows, int32_t *products, int32_t *low_products);

// `queries` queries, with one code an element, against panels. Codes are packed in tiles of kith_panel_tile_queries():
// [tile][group][query][4], the last tile filled with zeros; `terms` has one entry a query.
// Writes triples; room for 16 * count * queries each. Returns how many.
typedef int32_t kith_panel_tile_fn(
    const uint8_t *panels, int64_t stride, int32_t count, int32_t groups, const int8_t *codes, int32_t queries,
    const kith_query_terms *terms, const uint16_t *allowed, int32_t *rows, int32_t *of_query, int32_t *products);

// One query of signed codes against row-major codes, unsigned and of 8 or 4 bits, of rows that are picked one by one:
//   estimates[i] = terms[r] - scale * (float)p    r = picked[i], p = sum over j < width of query[j] * code[r][j], exact
// The multiplication and the subtraction are each rounded, never fused. Row r begins at r * stride bytes. Of 8 bits,
// its byte j is the code of element j; of 4 bits, byte 64 b + j holds the codes of elements 128 b + j, in
// its lower half, and 128 b + 64 + j, in its upper half. `width` is a multiple of 64, with 4 bits of 128, and at most
// 65,536. Each picked row is in [0, rows): where one is not, nothing is written, and its position in `picked` is
// returned; else -1.
typedef int32_t kith_codes_fn(
    const int8_t *query, const uint8_t *codes, int64_t stride, int32_t width, const float *terms, float scale,
    int64_t rows, const int32_t *picked, int32_t count, float *estimates);

// One float32 query against rows of 16-bit floats in place, row r at r * stride bytes: dots[r] = <query, row r>.
// Reads d elements of each row and nothing behind them.
typedef void kith_half_dots_fn(
    const float *query, const uint16_t *rows, int64_t stride, int32_t count, int32_t d, float *dots);

// The same of rows that are picked one by one, each in [0, limit): dots[i] = <query, row picked[i]>. Where a picked row
// is outside, nothing is written, and its position in `picked` is returned; else -1.
typedef int32_t kith_half_picked_fn(
    const float *query, const uint16_t *rows, int64_t stride, int64_t limit, const int32_t *picked, int32_t count,
    int32_t d, float *dots);

// Canonical sums of one float32 query with rows of float32 in place that are picked one by one, row r at r * stride
// bytes, r in [0, limit): sums[i] = sum over j of (query[j] - x[j])^2 for kind 0, of query[j] * x[j] for kind 1,
// with x = row picked[i]; squares[i] = sum of x[j]^2 for kind 1, and is not written for kind 0. Float64, in
// the one order of docs/exactness.md. Where a picked row is outside, nothing is written, and its position in `picked`
// is returned; else -1.
typedef int32_t kith_keys_fn(
    const float *query, const uint8_t *rows, int64_t stride, int64_t limit, const int32_t *picked, int32_t count,
    int32_t d, int32_t kind, double *sums, double *squares);

// Rows whose codes lie side by side in a block; dev.kith.core.kernel.CodeBlocks draws it.
enum { KITH_BLOCK_ROWS = 32 };

// How a row's sum s becomes a bound, each operation rounded and none fused, with v = scale * (float)s + shift:
//   v    or, with one kind of terms, base + v    or, with three, (base + slope * v) - weight * error
typedef struct {
  float scale;
  float shift;
  float weight;
  float threshold;  // rows whose bound is above it are dropped; not (bound > threshold) keeps, so NaN stays
} kith_table_terms;

// Sums of entries of a query's tables, looked up by the codes of 32 rows side by side: `count` blocks, each `stride` bytes
// after the last, of `planes` planes of `groups` groups. Of 4 bits, a group takes 16 bytes: the lower half of byte j is
// row j's, the upper half row 16 + j's; `tables` has 16 bytes a group, `groups` is a multiple of 4, and the sums
// of a plane count half of those of the plane before it. Of 8 bits, a group takes 32 bytes, `tables` has 256 uint16 a
// group, and there is one plane. At most 32,768 groups and 8 planes, so that no sum overflows. Sums are [count][32].
typedef void kith_table_sums_fn(
    const uint8_t *codes, int64_t stride, int32_t count, int32_t groups, int32_t planes, const void *tables,
    int32_t *sums);

// The same of the first `rows_given` rows of blocks, whose bounds are compared with the threshold. `terms` are those of the
// first block, `kinds` (0, 1 or 3) of 32 floats each: base, slope, error. `allowed`, unless null, has bit r of word b
// set iff row r of block b may be kept. Writes the rows kept, ascending, and their bounds; room for `rows_given` each.
// Returns how many.
typedef int32_t kith_table_scan_fn(
    const uint8_t *codes, const uint8_t *terms, int64_t stride, int32_t rows_given, int32_t groups, int32_t planes,
    int32_t kinds, const void *tables, const kith_table_terms *query, const uint32_t *allowed, int32_t *rows,
    float *bounds);

// 16-bit floats to float32 and back (to nearest, ties to even; NaN stays NaN), n elements.
typedef void kith_widen_fn(const uint16_t *from, int64_t n, float *to);
typedef void kith_narrow_fn(const float *from, int64_t n, uint16_t *to);

// One set of loops, for one instruction set; Java reads it.
typedef struct {
  const char *name;
  int32_t (*supported)(void);  // whether this processor and operating system can run it
  int64_t tile_queries;        // queries of one tile in panel_tile
  kith_panel_scan_fn *panel_scan;
  kith_panel_tile_fn *panel_tile;
  kith_codes_fn *codes8;
  kith_codes_fn *codes4;
  kith_keys_fn *keys;
  kith_half_dots_fn *f16_dots;
  kith_half_dots_fn *bf16_dots;
  kith_half_picked_fn *f16_picked;
  kith_half_picked_fn *bf16_picked;
  kith_widen_fn *f16_widen;
  kith_widen_fn *bf16_widen;
  kith_narrow_fn *f16_narrow;
  kith_narrow_fn *bf16_narrow;
  kith_table_sums_fn *table4_sums;
  kith_table_sums_fn *table8_sums;
  kith_table_scan_fn *table4_scan;
  kith_table_scan_fn *table8_scan;
} kith_kernels;

// Changes whenever anything above does; Java refuses another.
enum { KITH_ABI = 4 };
KITH_EXPORT int32_t kith_abi(void);

// All sets that were compiled in, the fastest first; null past the last, which is the portable one.
KITH_EXPORT const kith_kernels *kith_kernels_at(int32_t i);

#endif
