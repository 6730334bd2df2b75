// Canonical sums of docs/exactness.md: float64, eight lanes, no operation fused, lanes folded in halves. One body for
// all instruction sets, in GCC's and clang's vector types: the order of operations is the definition, so no version
// may choose its own.

#include "picks.h"
#include "variants.h"

#define INLINE static inline __attribute__((always_inline))

typedef float float4 __attribute__((vector_size(16)));
typedef double double4 __attribute__((vector_size(32)));

enum { SQUARED_DISTANCES, PRODUCTS };

// Rows from the one that is summed to the one that is prefetched meanwhile.
enum { KEYS_AHEAD = 3 };

#define LOAD(into, at)                            \
  do {                                            \
    float4 floats;                                \
    __builtin_memcpy(&floats, (at), 16);          \
    (into) = __builtin_convertvector(floats, double4); \
  } while (0)

INLINE double fold(const double *s) {
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

INLINE void row_sums(int kind, const float *q, const float *x, int32_t d, double *sum, double *square) {
  double4 low = {0}, high = {0}, low_squares = {0}, high_squares = {0};
  int32_t i = 0;
  for (; i + 8 <= d; i += 8) {
    double4 a, b, u, v;
    LOAD(a, q + i);
    LOAD(b, q + i + 4);
    LOAD(u, x + i);
    LOAD(v, x + i + 4);
    if (kind == SQUARED_DISTANCES) {
      a -= u;
      b -= v;
      low += a * a;
      high += b * b;
    } else {
      low += a * u;
      high += b * v;
      low_squares += u * u;
      high_squares += v * v;
    }
  }
  double s[8], t[8];
  __builtin_memcpy(s, &low, 32);
  __builtin_memcpy(s + 4, &high, 32);
  __builtin_memcpy(t, &low_squares, 32);
  __builtin_memcpy(t + 4, &high_squares, 32);
  for (int32_t j = 0; i < d; i++, j++) {
    const double a = q[i], u = x[i];
    s[j] += kind == SQUARED_DISTANCES ? (a - u) * (a - u) : a * u;
    t[j] += u * u;
  }
  *sum = fold(s);
  if (kind == PRODUCTS) *square = fold(t);
}

INLINE int32_t all_sums(
    int kind, const float *query, const uint8_t *rows, int64_t stride, int64_t limit, const int32_t *picked,
    int32_t count, int32_t d, double *sums, double *squares) {
  const int32_t outside = kith_first_outside(picked, count, limit);
  if (outside >= 0) return outside;
  for (int32_t i = 1 - KEYS_AHEAD; i < count; i++) {
    if (i + KEYS_AHEAD < count) {
      const uint8_t *next = rows + picked[i + KEYS_AHEAD] * stride;
      for (int32_t j = 0; j < 4 * d; j += KITH_LINE) __builtin_prefetch(next + j);
    }
    if (i < 0) continue;
    row_sums(
        kind, query, (const float *)(const void *)(rows + picked[i] * stride), d, sums + i, squares ? squares + i : 0);
  }
  return -1;
}

#define KEYS(suffix, attributes)                                                                                     \
  attributes int32_t kith_keys_##suffix(                                                                             \
      const float *query, const uint8_t *rows, int64_t stride, int64_t limit, const int32_t *picked, int32_t count,   \
      int32_t d, int32_t kind, double *sums, double *squares) {                                                      \
    return kind == SQUARED_DISTANCES                                                                                 \
               ? all_sums(SQUARED_DISTANCES, query, rows, stride, limit, picked, count, d, sums, 0)                  \
               : all_sums(PRODUCTS, query, rows, stride, limit, picked, count, d, sums, squares);                    \
  }

KEYS(portable, )
#if defined(__x86_64__)
KEYS(avx2, __attribute__((target("avx2"))))
KEYS(avx512, __attribute__((target("avx512f,avx512vl"))))
#elif defined(__aarch64__)
KEYS(neon, )
#endif
