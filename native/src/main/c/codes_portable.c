// Row-major codes in plain C: the reference of the other versions, and the fallback where none of them runs.

#include "picks.h"
#include "variants.h"

static int32_t product8(const int8_t *query, const uint8_t *row, int32_t width) {
  int32_t sum = 0;
  for (int32_t j = 0; j < width; j++) sum += query[j] * row[j];
  return sum;
}

static int32_t product4(const int8_t *query, const uint8_t *row, int32_t width) {
  int32_t sum = 0;
  for (int32_t b = 0; b < width; b += 128, query += 128, row += 64) {
    for (int32_t j = 0; j < 64; j++) sum += query[j] * (row[j] & 15) + query[64 + j] * (row[j] >> 4);
  }
  return sum;
}

#define ESTIMATE(name, product)                                                                                    \
  int32_t name(                                                                                                    \
      const int8_t *query, const uint8_t *codes, int64_t stride, int32_t width, const float *terms, float scale,   \
      int64_t rows, const int32_t *picked, int32_t count, float *estimates) {                                      \
    const int32_t outside = kith_first_outside(picked, count, rows);                                               \
    if (outside >= 0) return outside;                                                                              \
    for (int32_t i = 0; i < count; i++) {                                                                          \
      const int64_t r = picked[i];                                                                                 \
      estimates[i] = terms[r] - scale * (float)product(query, codes + r * stride, width);                          \
    }                                                                                                              \
    return -1;                                                                                                     \
  }

ESTIMATE(kith_codes8_portable, product8)
ESTIMATE(kith_codes4_portable, product4)
