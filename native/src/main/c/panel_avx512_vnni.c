// int8 panels with AVX-512 VNNI: a panel's 16 rows are the 16 lanes of one register, so that no sum is ever folded.
// vpdpbusd multiplies unsigned with signed bytes and adds four products to an int32 without saturating; the rows are
// the unsigned side, with 128 added, which the accumulators' start, -bias, takes off again.

#include "variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { PANELS = 2, QUERIES = KITH_TILE_AVX512_VNNI };

// Distance of the prefetches ahead of the loads, in bytes: measured.
enum { AHEAD = 4096 };

// The upper bounds of a panel's rows for one query, from the scaled products.
INLINE __mmask16 keep(__m512 scaled, const kith_panel_terms *t, const kith_query_terms *q) {
  __m512 bound = _mm512_fmadd_ps(scaled, _mm512_loadu_ps(t->scale), _mm512_loadu_ps(t->lift));
  bound = _mm512_fmadd_ps(_mm512_set1_ps(q->weight), _mm512_loadu_ps(t->residual), bound);
  bound = _mm512_fmadd_ps(_mm512_set1_ps(q->slack), _mm512_loadu_ps(t->reach), bound);
  return _mm512_cmp_ps_mask(bound, _mm512_set1_ps(q->threshold), _CMP_NLT_UQ);
}

INLINE __m512 scaled(__m512i products, float scale) {
  return _mm512_mul_ps(_mm512_cvtepi32_ps(products), _mm512_set1_ps(scale));
}

INLINE __m512i row_numbers(int32_t panel) {
  return _mm512_add_epi32(
      _mm512_set1_epi32(KITH_PANEL_ROWS * panel),
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

INLINE int32_t word(const int8_t *codes) {
  int32_t w;
  __builtin_memcpy(&w, codes, 4);
  return w;
}

#define AT(p) (panels + (int64_t)(p) * stride)
#define TERMS(p) ((const kith_panel_terms *)(AT(p) + 64 * (int64_t)groups))

// Scans two panels at a time, half of all panels apart: two streams read memory faster than one.
INLINE int32_t scan(
    const uint8_t *panels, int64_t stride, int32_t count, int32_t groups, const int8_t *high, const int8_t *low,
    const kith_query_terms *q, const uint16_t *allowed, int32_t *rows, int32_t *products, int32_t *low_products) {
  int32_t n = 0;
  int32_t half = count / 2;
  const __m512i start = _mm512_set1_epi32(-q->bias), low_start = _mm512_set1_epi32(-q->low_bias);
  for (int32_t p = 0; p < count - half; p++) {
    const int32_t other = p < half ? count - half + p : p;  // the odd one out is scanned with itself, and kept once
    const uint8_t *x = AT(p), *y = AT(other);
    __m512i a = start, b = start, c = low_start, d = low_start;
    for (int32_t g = 0; g < groups; g++) {
      __m512i xs = _mm512_loadu_si512(x + 64 * (int64_t)g), ys = _mm512_loadu_si512(y + 64 * (int64_t)g);
      _mm_prefetch((const char *)x + 64 * (int64_t)g + AHEAD, _MM_HINT_T0);
      _mm_prefetch((const char *)y + 64 * (int64_t)g + AHEAD, _MM_HINT_T0);
      __m512i w = _mm512_set1_epi32(word(high + 4 * g));
      a = _mm512_dpbusd_epi32(a, xs, w);
      b = _mm512_dpbusd_epi32(b, ys, w);
      if (low) {
        w = _mm512_set1_epi32(word(low + 4 * g));
        c = _mm512_dpbusd_epi32(c, xs, w);
        d = _mm512_dpbusd_epi32(d, ys, w);
      }
    }
    __m512 u = scaled(a, q->scale), v = scaled(b, q->scale);
    if (low) {
      u = _mm512_fmadd_ps(_mm512_cvtepi32_ps(c), _mm512_set1_ps(q->low_scale), u);
      v = _mm512_fmadd_ps(_mm512_cvtepi32_ps(d), _mm512_set1_ps(q->low_scale), v);
    }
    __mmask16 mask = keep(u, TERMS(p), q);
    if (allowed) mask &= allowed[p];
    if (mask) {
      _mm512_mask_compressstoreu_epi32(rows + n, mask, row_numbers(p));
      _mm512_mask_compressstoreu_epi32(products + n, mask, a);
      if (low) _mm512_mask_compressstoreu_epi32(low_products + n, mask, c);
      n += __builtin_popcount(mask);
    }
    if (other == p) continue;
    mask = keep(v, TERMS(other), q);
    if (allowed) mask &= allowed[other];
    if (mask) {
      _mm512_mask_compressstoreu_epi32(rows + n, mask, row_numbers(other));
      _mm512_mask_compressstoreu_epi32(products + n, mask, b);
      if (low) _mm512_mask_compressstoreu_epi32(low_products + n, mask, d);
      n += __builtin_popcount(mask);
    }
  }
  return n;
}

TARGET int32_t kith_panel_scan_avx512_vnni(
    const uint8_t *panels, int64_t stride, int32_t count, int32_t groups, const int8_t *high, const int8_t *low,
    const kith_query_terms *q, const uint16_t *allowed, int32_t *rows, int32_t *products, int32_t *low_products) {
  return low ? scan(panels, stride, count, groups, high, low, q, allowed, rows, products, low_products)
             : scan(panels, stride, count, groups, high, 0, q, allowed, rows, products, low_products);
}

// 12 queries x 2 panels: 24 sums stay in registers, 2 loads and 12 broadcasts feed 24 multiply-adds. Named one by one,
// for compilers spill arrays of registers.
#define EACH_QUERY(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define START(j)                                                      \
  __m512i x##j = _mm512_set1_epi32(j < width ? -q[j].bias : 0);       \
  __m512i y##j = x##j;
#define STEP(j)                                    \
  w = _mm512_set1_epi32(word(at + 4 * j));         \
  x##j = _mm512_dpbusd_epi32(x##j, xs, w);         \
  y##j = _mm512_dpbusd_epi32(y##j, ys, w);
#define KEEP(j)                                                                                           \
  if (j < width) {                                                                                        \
    n = put(x##j, p, TERMS(p), q + j, first + j, allowed, rows, of_query, products, n);                   \
    if (other != p) n = put(y##j, other, TERMS(other), q + j, first + j, allowed, rows, of_query, products, n); \
  }

INLINE int32_t put(
    __m512i sums, int32_t p, const kith_panel_terms *t, const kith_query_terms *q, int32_t number,
    const uint16_t *allowed, int32_t *rows, int32_t *of_query, int32_t *products, int32_t n) {
  __mmask16 mask = keep(scaled(sums, q->scale), t, q);
  if (__builtin_expect(mask != 0, 0)) {
    if (allowed) mask &= allowed[p];
    _mm512_mask_compressstoreu_epi32(rows + n, mask, row_numbers(p));
    _mm512_mask_compressstoreu_epi32(of_query + n, mask, _mm512_set1_epi32(number));
    _mm512_mask_compressstoreu_epi32(products + n, mask, sums);
    n += __builtin_popcount(mask);
  }
  return n;
}

TARGET int32_t kith_panel_tile_avx512_vnni(
    const uint8_t *panels, int64_t stride, int32_t count, int32_t groups, const int8_t *codes, int32_t queries,
    const kith_query_terms *terms, const uint16_t *allowed, int32_t *rows, int32_t *of_query, int32_t *products) {
  int32_t n = 0;
  // All panels for one tile of queries, then for the next: a query's hits come together.
  for (int32_t first = 0; first < queries; first += QUERIES, codes += 4 * QUERIES * (int64_t)groups) {
    const kith_query_terms *q = terms + first;
    const int32_t width = queries - first;
    // The first tile brings the panels from memory, two ahead.
    const int64_t ahead = first ? 0 : PANELS * stride;
    for (int32_t p = 0; p < count; p += PANELS) {
      const int32_t other = p + 1 < count ? p + 1 : p;
      const uint8_t *x = AT(p), *y = AT(other);
      const int8_t *at = codes;
      EACH_QUERY(START)
      for (int32_t g = 0; g < groups; g++, at += 4 * QUERIES) {
        __m512i xs = _mm512_loadu_si512(x + 64 * (int64_t)g), ys = _mm512_loadu_si512(y + 64 * (int64_t)g), w;
        _mm_prefetch((const char *)x + 64 * (int64_t)g + ahead, _MM_HINT_T0);
        _mm_prefetch((const char *)y + 64 * (int64_t)g + ahead, _MM_HINT_T0);
        EACH_QUERY(STEP)
      }
      EACH_QUERY(KEEP)
    }
  }
  return n;
}
#endif
