// int8 panels with AVX2: a panel's 16 rows are the 32-bit lanes of two registers. vpmaddubsw would saturate with a
// tile's codes, so that bytes are widened to 16 bits first: the even ones of each row by a mask and the odd ones by
// a shift, without moving any. The query's codes are paired the same way, and vpmaddwd gives each row's lane two
// exact products' sum.

#include "variants.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { QUERIES = KITH_TILE_AVX2, HALF = KITH_PANEL_ROWS / 2 };

// Distance of the prefetches ahead of the loads, in bytes: measured.
enum { AHEAD = 4096 };

INLINE __m256i load(const void *at) { return _mm256_loadu_si256(at); }

INLINE __m256i even(__m256i x) { return _mm256_and_si256(x, _mm256_set1_epi16(0xff)); }

INLINE __m256i odd(__m256i x) { return _mm256_srli_epi16(x, 8); }

INLINE __m256i add_products(__m256i sums, __m256i x, __m256i even_codes, __m256i odd_codes) {
  sums = _mm256_add_epi32(sums, _mm256_madd_epi16(even(x), even_codes));
  return _mm256_add_epi32(sums, _mm256_madd_epi16(odd(x), odd_codes));
}

// Whether the bounds of 8 rows, from row r of a panel, are not below the threshold.
INLINE unsigned keep8(__m256 scaled, const kith_panel_terms *t, int32_t r, const kith_query_terms *q) {
  __m256 bound = _mm256_fmadd_ps(scaled, _mm256_loadu_ps(t->scale + r), _mm256_loadu_ps(t->lift + r));
  bound = _mm256_fmadd_ps(_mm256_set1_ps(q->weight), _mm256_loadu_ps(t->residual + r), bound);
  bound = _mm256_fmadd_ps(_mm256_set1_ps(q->slack), _mm256_loadu_ps(t->reach + r), bound);
  return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(bound, _mm256_set1_ps(q->threshold), _CMP_NLT_UQ));
}

INLINE unsigned keep(__m256 first, __m256 second, const kith_panel_terms *t, const kith_query_terms *q) {
  return keep8(first, t, 0, q) | keep8(second, t, HALF, q) << HALF;
}

INLINE __m256 scaled(__m256i products, float scale) {
  return _mm256_mul_ps(_mm256_cvtepi32_ps(products), _mm256_set1_ps(scale));
}

INLINE __m256 scaled_more(__m256i products, float scale, __m256 sum) {
  return _mm256_fmadd_ps(_mm256_cvtepi32_ps(products), _mm256_set1_ps(scale), sum);
}

INLINE void store(int32_t *to, __m256i first, __m256i second) {
  _mm256_storeu_si256((__m256i *)to, first);
  _mm256_storeu_si256((__m256i *)(to + HALF), second);
}

INLINE int32_t word(const int8_t *codes) {
  int32_t w;
  __builtin_memcpy(&w, codes, 4);
  return w;
}

#define AT(p) (panels + (int64_t)(p) * stride)
#define TERMS(p) ((const kith_panel_terms *)(AT(p) + 64 * (int64_t)groups))

// The sums of one panel in a scan: high and low codes, rows 0 to 7 and 8 to 15.
typedef struct {
  __m256i high0, high1, low0, low1;
} panel_sums;

// Writes what is kept of one panel.
INLINE int32_t put_scanned(
    panel_sums s, int with_low, int32_t p, const kith_panel_terms *t, const kith_query_terms *q,
    const uint16_t *allowed, int32_t *rows, int32_t *products, int32_t *low_products, int32_t n) {
  __m256 first = scaled(s.high0, q->scale), second = scaled(s.high1, q->scale);
  if (with_low) {
    first = scaled_more(s.low0, q->low_scale, first);
    second = scaled_more(s.low1, q->low_scale, second);
  }
  unsigned mask = keep(first, second, t, q);
  if (allowed) mask &= allowed[p];
  if (!mask) return n;
  int32_t high_sums[KITH_PANEL_ROWS], low_sums[KITH_PANEL_ROWS];
  store(high_sums, s.high0, s.high1);
  if (with_low) store(low_sums, s.low0, s.low1);
  for (; mask; mask &= mask - 1, n++) {
    const int32_t r = __builtin_ctz(mask);
    rows[n] = KITH_PANEL_ROWS * p + r;
    products[n] = high_sums[r];
    if (with_low) low_products[n] = low_sums[r];
  }
  return n;
}

// Scans two panels at a time, half of all panels apart, as with AVX-512.
INLINE int32_t scan(
    const uint8_t *panels, int64_t stride, int32_t count, int32_t groups, const int8_t *high, const int8_t *low,
    const kith_query_terms *q, const uint16_t *allowed, int32_t *rows, int32_t *products, int32_t *low_products) {
  int32_t n = 0;
  const int32_t half = count / 2;
  const __m256i start = _mm256_set1_epi32(-q->bias), low_start = _mm256_set1_epi32(-q->low_bias);
  for (int32_t p = 0; p < count - half; p++) {
    const int32_t other = p < half ? count - half + p : p;  // the odd one out is scanned with itself, and kept once
    const uint8_t *x = AT(p), *y = AT(other);
    panel_sums a = {start, start, low_start, low_start}, b = a;
    for (int32_t g = 0; g < groups; g++) {
      const int64_t at = 64 * (int64_t)g;
      _mm_prefetch((const char *)x + at + AHEAD, _MM_HINT_T0);
      _mm_prefetch((const char *)y + at + AHEAD, _MM_HINT_T0);
      const __m256i x0 = load(x + at), x1 = load(x + at + 32), y0 = load(y + at), y1 = load(y + at + 32);
      __m256i w = _mm256_set1_epi32(word(high + 4 * g));
      __m256i evens = _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8), odds = _mm256_srai_epi16(w, 8);
      a.high0 = add_products(a.high0, x0, evens, odds);
      a.high1 = add_products(a.high1, x1, evens, odds);
      b.high0 = add_products(b.high0, y0, evens, odds);
      b.high1 = add_products(b.high1, y1, evens, odds);
      if (low) {
        w = _mm256_set1_epi32(word(low + 4 * g));
        evens = _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8), odds = _mm256_srai_epi16(w, 8);
        a.low0 = add_products(a.low0, x0, evens, odds);
        a.low1 = add_products(a.low1, x1, evens, odds);
        b.low0 = add_products(b.low0, y0, evens, odds);
        b.low1 = add_products(b.low1, y1, evens, odds);
      }
    }
    n = put_scanned(a, low != 0, p, TERMS(p), q, allowed, rows, products, low_products, n);
    if (other != p) n = put_scanned(b, low != 0, other, TERMS(other), q, allowed, rows, products, low_products, n);
  }
  return n;
}

TARGET int32_t kith_panel_scan_avx2(
    const uint8_t *panels, int64_t stride, int32_t count, int32_t groups, const int8_t *high, const int8_t *low,
    const kith_query_terms *q, const uint16_t *allowed, int32_t *rows, int32_t *products, int32_t *low_products) {
  return low ? scan(panels, stride, count, groups, high, low, q, allowed, rows, products, low_products)
             : scan(panels, stride, count, groups, high, 0, q, allowed, rows, products, low_products);
}

// 4 queries x 1 panel: 8 sums, 4 registers of widened row codes and 2 of query codes, of the 16 there are. The queries'
// codes are widened CHUNK groups ahead, into cache, from where a pair of them is broadcast by the load alone.
enum { CHUNK = 32 };

#define EACH_QUERY(DO) DO(0) DO(1) DO(2) DO(3)
#define START(j)                                                 \
  __m256i x##j = _mm256_set1_epi32(j < width ? -q[j].bias : 0);  \
  __m256i y##j = x##j;
#define STEP(j)                                       \
  w = _mm256_set1_epi32(pairs[i][2 * j]);             \
  x##j = add_in_order(x##j, x_even, w);               \
  y##j = add_in_order(y##j, y_even, w);               \
  w = _mm256_set1_epi32(pairs[i][2 * j + 1]);         \
  x##j = add_in_order(x##j, x_odd, w);                \
  y##j = add_in_order(y##j, y_odd, w);
#define KEEP(j) \
  if (j < width) n = put(x##j, y##j, p, TERMS(p), q + j, first + j, allowed, rows, of_query, products, n);

// Hidden from the compiler, which would add the products to each other first, and spill sums for want of registers.
INLINE __m256i add_in_order(__m256i sums, __m256i x, __m256i w) {
  sums = _mm256_add_epi32(sums, _mm256_madd_epi16(x, w));
  __asm__("" : "+x"(sums));
  return sums;
}

// The codes of a group's 4 queries, as 16-bit pairs: of each query elements 0 and 2, then 1 and 3.
INLINE void widen_codes(const int8_t *codes, int32_t *pairs) {
  const __m128i order = _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
  const __m128i bytes = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)codes), order);
  _mm256_storeu_si256((__m256i *)pairs, _mm256_cvtepi8_epi16(bytes));
}

INLINE int32_t put(
    __m256i first, __m256i second, int32_t p, const kith_panel_terms *t, const kith_query_terms *q, int32_t number,
    const uint16_t *allowed, int32_t *rows, int32_t *of_query, int32_t *products, int32_t n) {
  unsigned mask = keep(scaled(first, q->scale), scaled(second, q->scale), t, q);
  if (__builtin_expect(mask != 0, 0)) {
    if (allowed) mask &= allowed[p];
    int32_t sums[KITH_PANEL_ROWS];
    store(sums, first, second);
    for (; mask; mask &= mask - 1, n++) {
      const int32_t r = __builtin_ctz(mask);
      rows[n] = KITH_PANEL_ROWS * p + r;
      of_query[n] = number;
      products[n] = sums[r];
    }
  }
  return n;
}

TARGET int32_t kith_panel_tile_avx2(
    const uint8_t *panels, int64_t stride, int32_t count, int32_t groups, const int8_t *codes, int32_t queries,
    const kith_query_terms *terms, const uint16_t *allowed, int32_t *rows, int32_t *of_query, int32_t *products) {
  int32_t n = 0;
  int32_t pairs[CHUNK][2 * QUERIES];
  for (int32_t p = 0; p < count; p++) {
    const int8_t *at = codes;
    for (int32_t first = 0; first < queries; first += QUERIES) {
      const kith_query_terms *q = terms + first;
      const int32_t width = queries - first;
      const uint8_t *x = AT(p);
      const int64_t ahead = first == 0 ? stride : 0;  // the first tile's loads also fetch the next panel: measured
      EACH_QUERY(START)
      for (int32_t g = 0; g < groups; g += CHUNK) {
        const int32_t length = groups - g < CHUNK ? groups - g : CHUNK;
        for (int32_t i = 0; i < length; i++, at += 4 * QUERIES) widen_codes(at, pairs[i]);
        for (int32_t i = 0; i < length; i++, x += 4 * KITH_PANEL_ROWS) {
          const __m256i xs = load(x), ys = load(x + 32);
          const __m256i x_even = even(xs), x_odd = odd(xs), y_even = even(ys), y_odd = odd(ys);
          __m256i w;
          _mm_prefetch((const char *)x + ahead, _MM_HINT_T0);
          EACH_QUERY(STEP)
        }
      }
      EACH_QUERY(KEEP)
    }
  }
  return n;
}

#endif
