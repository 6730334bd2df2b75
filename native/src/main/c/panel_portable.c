// int8 panels in plain C: the reference of the other versions, and the fallback where none of them runs.

#include "variants.h"

enum { ROWS = KITH_PANEL_ROWS };

// The products of one query with a panel's 16 rows, in unsigned arithmetic: it wraps, and what it wraps to is the
// product.
static void multiply(const uint8_t *panel, int32_t groups, const int8_t *codes, int32_t bias, int32_t *products) {
  uint32_t sums[ROWS];
  for (int32_t r = 0; r < ROWS; r++) sums[r] = 0u - (uint32_t)bias;
  for (int32_t g = 0; g < groups; g++, panel += 4 * ROWS, codes += 4) {
    const uint32_t q0 = (uint32_t)codes[0], q1 = (uint32_t)codes[1], q2 = (uint32_t)codes[2], q3 = (uint32_t)codes[3];
    for (int32_t r = 0; r < ROWS; r++) {
      // A word taken apart again: compilers make it one load, and the loop one of vectors.
      const uint8_t *u = panel + 4 * r;
      const uint32_t w = u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
      sums[r] += (w & 255) * q0 + (w >> 8 & 255) * q1 + (w >> 16 & 255) * q2 + (w >> 24) * q3;
    }
  }
  for (int32_t r = 0; r < ROWS; r++) products[r] = (int32_t)sums[r];
}

static int keep(float scaled, const kith_panel_terms *t, int32_t r, const kith_query_terms *q) {
  const float bound = scaled * t->scale[r] + t->lift[r] + q->weight * t->residual[r] + q->slack * t->reach[r];
  return !(bound < q->threshold);
}

static int allows(const uint16_t *allowed, int32_t panel, int32_t r) { return !allowed || (allowed[panel] >> r & 1); }

#define AT(p) (panels + (int64_t)(p) * stride)
#define TERMS(p) ((const kith_panel_terms *)(AT(p) + 64 * (int64_t)groups))

int32_t kith_panel_scan_portable(
    const uint8_t *panels, int64_t stride, int32_t count, int32_t groups, const int8_t *high, const int8_t *low,
    const kith_query_terms *q, const uint16_t *allowed, int32_t *rows, int32_t *products, int32_t *low_products) {
  int32_t n = 0;
  for (int32_t p = 0; p < count; p++) {
    int32_t sums[ROWS], low_sums[ROWS];
    multiply(AT(p), groups, high, q->bias, sums);
    if (low) multiply(AT(p), groups, low, q->low_bias, low_sums);
    for (int32_t r = 0; r < ROWS; r++) {
      float scaled = (float)sums[r] * q->scale;
      if (low) scaled += (float)low_sums[r] * q->low_scale;
      if (!keep(scaled, TERMS(p), r, q) || !allows(allowed, p, r)) continue;
      rows[n] = ROWS * p + r;
      products[n] = sums[r];
      if (low) low_products[n] = low_sums[r];
      n++;
    }
  }
  return n;
}

int32_t kith_panel_tile_portable(
    const uint8_t *panels, int64_t stride, int32_t count, int32_t groups, const int8_t *codes, int32_t queries,
    const kith_query_terms *terms, const uint16_t *allowed, int32_t *rows, int32_t *of_query, int32_t *products) {
  int32_t n = 0;
  for (int32_t p = 0; p < count; p++) {
    for (int32_t j = 0; j < queries; j++) {
      const kith_query_terms *q = terms + j;
      int32_t sums[ROWS];
      multiply(AT(p), groups, codes + 4 * (int64_t)groups * j, q->bias, sums);
      for (int32_t r = 0; r < ROWS; r++) {
        if (!keep((float)sums[r] * q->scale, TERMS(p), r, q) || !allows(allowed, p, r)) continue;
        rows[n] = ROWS * p + r;
        of_query[n] = j;
        products[n] = sums[r];
        n++;
      }
    }
  }
  return n;
}
