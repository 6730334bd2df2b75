// int8 panels with NEON's dot products: a panel's 16 rows are the 32-bit lanes of four registers. sdot multiplies
// signed bytes with signed ones, so that an xor takes the 128 off the rows' codes, and biases are not needed.

#include "variants.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#if defined(__ARM_FEATURE_DOTPROD)
#define TARGET
#elif defined(__clang__)
#define TARGET __attribute__((target("dotprod")))  // from clang 16 on; older ones want -march=armv8.2-a+dotprod
#else
#define TARGET __attribute__((target("arch=armv8.2-a+dotprod")))
#endif
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { QUERIES = KITH_TILE_NEON_DOTPROD };

// The products of one panel, 4 rows a register.
typedef struct {
  int32x4_t a, b, c, d;
} panel_sums;

INLINE int8x16_t load(const uint8_t *at) { return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(at), vdupq_n_u8(0x80))); }

INLINE int8x16_t broadcast(const int8_t *codes) {
  int32_t w;
  __builtin_memcpy(&w, codes, 4);
  return vreinterpretq_s8_s32(vdupq_n_s32(w));
}

INLINE float32x4_t scaled(int32x4_t products, float scale) { return vmulq_n_f32(vcvtq_f32_s32(products), scale); }

INLINE float32x4_t scaled_more(int32x4_t products, float scale, float32x4_t sum) {
  return vfmaq_n_f32(sum, vcvtq_f32_s32(products), scale);
}

// A bit, from bit r on, for each of 4 rows, from row r of a panel, whose bound is not below the threshold.
INLINE uint32_t keep4(float32x4_t scaled, const kith_panel_terms *t, int32_t r, const kith_query_terms *q) {
  static const uint32_t bits[4] = {1, 2, 4, 8};
  float32x4_t bound = vfmaq_f32(vld1q_f32(t->lift + r), scaled, vld1q_f32(t->scale + r));
  bound = vfmaq_n_f32(bound, vld1q_f32(t->residual + r), q->weight);
  bound = vfmaq_n_f32(bound, vld1q_f32(t->reach + r), q->slack);
  const uint32x4_t below = vcltq_f32(bound, vdupq_n_f32(q->threshold));
  return vaddvq_u32(vbicq_u32(vld1q_u32(bits), below)) << r;
}

INLINE void store(int32_t *to, panel_sums s) {
  vst1q_s32(to, s.a);
  vst1q_s32(to + 4, s.b);
  vst1q_s32(to + 8, s.c);
  vst1q_s32(to + 12, s.d);
}

#define AT(p) (panels + (int64_t)(p) * stride)
#define TERMS(p) ((const kith_panel_terms *)(AT(p) + 64 * (int64_t)groups))

// Writes what is kept of one panel.
INLINE int32_t put_scanned(
    panel_sums s, panel_sums l, int with_low, int32_t p, const kith_panel_terms *t, const kith_query_terms *q,
    const uint16_t *allowed, int32_t *rows, int32_t *products, int32_t *low_products, int32_t n) {
  float32x4_t a = scaled(s.a, q->scale), b = scaled(s.b, q->scale);
  float32x4_t c = scaled(s.c, q->scale), d = scaled(s.d, q->scale);
  if (with_low) {
    a = scaled_more(l.a, q->low_scale, a);
    b = scaled_more(l.b, q->low_scale, b);
    c = scaled_more(l.c, q->low_scale, c);
    d = scaled_more(l.d, q->low_scale, d);
  }
  uint32_t mask = keep4(a, t, 0, q) | keep4(b, t, 4, q) | keep4(c, t, 8, q) | keep4(d, t, 12, q);
  if (allowed) mask &= allowed[p];
  if (!mask) return n;
  int32_t high_sums[KITH_PANEL_ROWS], low_sums[KITH_PANEL_ROWS];
  store(high_sums, s);
  if (with_low) store(low_sums, l);
  for (; mask; mask &= mask - 1, n++) {
    const int32_t r = __builtin_ctz(mask);
    rows[n] = KITH_PANEL_ROWS * p + r;
    products[n] = high_sums[r];
    if (with_low) low_products[n] = low_sums[r];
  }
  return n;
}

INLINE panel_sums add_products(panel_sums s, int8x16_t a, int8x16_t b, int8x16_t c, int8x16_t d, int8x16_t w) {
  s.a = vdotq_s32(s.a, a, w);
  s.b = vdotq_s32(s.b, b, w);
  s.c = vdotq_s32(s.c, c, w);
  s.d = vdotq_s32(s.d, d, w);
  return s;
}

// Scans two panels at a time, half of all panels apart, as with AVX-512.
INLINE int32_t scan(
    const uint8_t *panels, int64_t stride, int32_t count, int32_t groups, const int8_t *high, const int8_t *low,
    const kith_query_terms *q, const uint16_t *allowed, int32_t *rows, int32_t *products, int32_t *low_products) {
  int32_t n = 0;
  const int32_t half = count / 2;
  const int32x4_t zero = vdupq_n_s32(0);
  for (int32_t p = 0; p < count - half; p++) {
    const int32_t other = p < half ? count - half + p : p;  // the odd one out is scanned with itself, and kept once
    const uint8_t *x = AT(p), *y = AT(other);
    panel_sums xs = {zero, zero, zero, zero}, ys = xs, x_low = xs, y_low = xs;
    for (int32_t g = 0; g < groups; g++, x += 64, y += 64) {
      const int8x16_t w = broadcast(high + 4 * g);
      const int8x16_t x0 = load(x), x1 = load(x + 16), x2 = load(x + 32), x3 = load(x + 48);
      const int8x16_t y0 = load(y), y1 = load(y + 16), y2 = load(y + 32), y3 = load(y + 48);
      xs = add_products(xs, x0, x1, x2, x3, w);
      ys = add_products(ys, y0, y1, y2, y3, w);
      if (low) {
        const int8x16_t v = broadcast(low + 4 * g);
        x_low = add_products(x_low, x0, x1, x2, x3, v);
        y_low = add_products(y_low, y0, y1, y2, y3, v);
      }
    }
    n = put_scanned(xs, x_low, low != 0, p, TERMS(p), q, allowed, rows, products, low_products, n);
    if (other == p) continue;
    n = put_scanned(ys, y_low, low != 0, other, TERMS(other), q, allowed, rows, products, low_products, n);
  }
  return n;
}

TARGET int32_t kith_panel_scan_neon_dotprod(
    const uint8_t *panels, int64_t stride, int32_t count, int32_t groups, const int8_t *high, const int8_t *low,
    const kith_query_terms *q, const uint16_t *allowed, int32_t *rows, int32_t *products, int32_t *low_products) {
  return low ? scan(panels, stride, count, groups, high, low, q, allowed, rows, products, low_products)
             : scan(panels, stride, count, groups, high, 0, q, allowed, rows, products, low_products);
}

// 6 queries x 1 panel: 24 sums, 4 registers of row codes and 2 of query codes, of the 32 there are.
#define EACH_QUERY(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define START(j) panel_sums s##j = {zero, zero, zero, zero};
#define STEP(j)                                                                               \
  s##j.a = j < 4 ? vdotq_laneq_s32(s##j.a, x0, w0, j & 3) : vdotq_lane_s32(s##j.a, x0, w1, j & 1);  \
  s##j.b = j < 4 ? vdotq_laneq_s32(s##j.b, x1, w0, j & 3) : vdotq_lane_s32(s##j.b, x1, w1, j & 1);  \
  s##j.c = j < 4 ? vdotq_laneq_s32(s##j.c, x2, w0, j & 3) : vdotq_lane_s32(s##j.c, x2, w1, j & 1);  \
  s##j.d = j < 4 ? vdotq_laneq_s32(s##j.d, x3, w0, j & 3) : vdotq_lane_s32(s##j.d, x3, w1, j & 1);
#define KEEP(j) \
  if (j < width) n = put(s##j, p, TERMS(p), q + j, first + j, allowed, rows, of_query, products, n);

INLINE int32_t put(
    panel_sums s, int32_t p, const kith_panel_terms *t, const kith_query_terms *q, int32_t number,
    const uint16_t *allowed, int32_t *rows, int32_t *of_query, int32_t *products, int32_t n) {
  uint32_t mask = keep4(scaled(s.a, q->scale), t, 0, q) | keep4(scaled(s.b, q->scale), t, 4, q) |
                  keep4(scaled(s.c, q->scale), t, 8, q) | keep4(scaled(s.d, q->scale), t, 12, q);
  if (__builtin_expect(mask != 0, 0)) {
    if (allowed) mask &= allowed[p];
    int32_t sums[KITH_PANEL_ROWS];
    store(sums, s);
    for (; mask; mask &= mask - 1, n++) {
      const int32_t r = __builtin_ctz(mask);
      rows[n] = KITH_PANEL_ROWS * p + r;
      of_query[n] = number;
      products[n] = sums[r];
    }
  }
  return n;
}

TARGET int32_t kith_panel_tile_neon_dotprod(
    const uint8_t *panels, int64_t stride, int32_t count, int32_t groups, const int8_t *codes, int32_t queries,
    const kith_query_terms *terms, const uint16_t *allowed, int32_t *rows, int32_t *of_query, int32_t *products) {
  int32_t n = 0;
  const int32x4_t zero = vdupq_n_s32(0);
  for (int32_t p = 0; p < count; p++) {
    const int8_t *at = codes;
    for (int32_t first = 0; first < queries; first += QUERIES) {
      const kith_query_terms *q = terms + first;
      const int32_t width = queries - first;
      const uint8_t *x = AT(p);
      EACH_QUERY(START)
      for (int32_t g = 0; g < groups; g++, x += 4 * KITH_PANEL_ROWS, at += 4 * QUERIES) {
        const int8x16_t x0 = load(x), x1 = load(x + 16), x2 = load(x + 32), x3 = load(x + 48), w0 = vld1q_s8(at);
        const int8x8_t w1 = vld1_s8(at + 16);
        EACH_QUERY(STEP)
      }
      EACH_QUERY(KEEP)
    }
  }
  return n;
}

#endif
