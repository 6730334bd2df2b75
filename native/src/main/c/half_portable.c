// 16-bit floats in plain C. NaN keeps its sign and the bits of its payload that fit, and is made quiet where
// processors' own conversions do so, so that every version's results are the same to the bit.

#include "picks.h"
#include "variants.h"

static float from_bits(uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, 4);
  return x;
}

static uint32_t bits_of(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, 4);
  return bits;
}

static uint16_t load(const uint8_t *at) {
  uint16_t h;
  __builtin_memcpy(&h, at, 2);
  return h;
}

// A choice by masks, not by a branch, which compilers do not vectorize.
static uint32_t choose(int condition, uint32_t a, uint32_t b) {
  const uint32_t mask = 0u - (uint32_t)condition;
  return (a & mask) | (b & ~mask);
}

static float bf16_to_float(uint16_t h) { return from_bits((uint32_t)h << 16); }

static uint16_t float_to_bf16(float x) {
  const uint32_t bits = bits_of(x), magnitude = bits & 0x7fffffff;
  const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16, quiet = bits >> 16 | 0x40;
  return (uint16_t)choose(magnitude > 0x7f800000, quiet, rounded);
}

static float f16_to_float(uint16_t h) {
  const uint32_t sign = (uint32_t)(h & 0x8000) << 16, magnitude = h & 0x7fff, shifted = magnitude << 13;
  const uint32_t normal = shifted + ((127 - 15) << 23), infinite = shifted | 0x7f800000;
  // 2^-14 + magnitude * 2^-24, less 2^-14: exact.
  const uint32_t denormal = bits_of(from_bits(((127 - 14) << 23) + shifted) - 0x1p-14f);
  const uint32_t large = choose(magnitude > 0x7c00, infinite | 0x400000, infinite);
  return from_bits(sign | choose(magnitude < 0x400, denormal, choose(magnitude < 0x7c00, normal, large)));
}

static uint16_t float_to_f16(float x) {
  const uint32_t bits = bits_of(x), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  // What is rounded up past 65,504 becomes infinity by the carry.
  const uint32_t normal = (magnitude - ((127 - 15) << 23) + 0xfff + (magnitude >> 13 & 1)) >> 13;
  // One unit of 0.5's last place is 2^-24, the smallest f16: the addition rounds.
  const uint32_t denormal = bits_of(from_bits(magnitude) + 0.5f) - bits_of(0.5f);
  const uint32_t nan = 0x7e00 | (magnitude >> 13 & 0x3ff);
  const uint32_t large = choose(magnitude > 0x7f800000, nan, 0x7c00);
  const uint32_t finite = choose(magnitude < (127 - 14) << 23, denormal, normal);
  return (uint16_t)(sign | choose(magnitude < (127 + 16) << 23, finite, large));
}

// 8 sums, so that their additions need not wait for each other, of blocks that are widened first: compilers vectorize
// two simple loops, and not one of both.
enum { SUMS = 8, BLOCK = 64 };

#define DOTS(name, widen)                                                                                       \
  void name(const float *query, const uint16_t *rows, int64_t stride, int32_t count, int32_t d, float *dots) {  \
    for (int32_t r = 0; r < count; r++) {                                                                       \
      const uint8_t *row = (const uint8_t *)rows + r * stride;                                                  \
      float sums[SUMS] = {0}, block[BLOCK], sum = 0;                                                            \
      int64_t i = 0;                                                                                            \
      for (; i <= d - BLOCK; i += BLOCK) {                                                                      \
        for (int32_t k = 0; k < BLOCK; k++) block[k] = widen(load(row + 2 * (i + k)));                          \
        for (int32_t k = 0; k < BLOCK; k += SUMS) {                                                             \
          for (int32_t s = 0; s < SUMS; s++) sums[s] += query[i + k + s] * block[k + s];                        \
        }                                                                                                       \
      }                                                                                                         \
      for (; i < d; i++) sums[i % SUMS] += query[i] * widen(load(row + 2 * i));                                 \
      for (int32_t s = 0; s < SUMS; s++) sum += sums[s];                                                        \
      dots[r] = sum;                                                                                            \
    }                                                                                                           \
  }

DOTS(kith_f16_dots_portable, f16_to_float)
DOTS(kith_bf16_dots_portable, bf16_to_float)

#define PICKED(name, dots_of)                                                                                     \
  int32_t name(                                                                                                   \
      const float *query, const uint16_t *rows, int64_t stride, int64_t limit, const int32_t *picked,             \
      int32_t count, int32_t d, float *dots) {                                                                    \
    const int32_t outside = kith_first_outside(picked, count, limit);                                             \
    for (int32_t i = 0; outside < 0 && i < count; i++) {                                                          \
      const uint8_t *row = (const uint8_t *)rows + picked[i] * stride;                                            \
      dots_of(query, (const uint16_t *)row, stride, 1, d, dots + i);                                              \
    }                                                                                                             \
    return outside;                                                                                               \
  }

PICKED(kith_f16_picked_portable, kith_f16_dots_portable)
PICKED(kith_bf16_picked_portable, kith_bf16_dots_portable)

void kith_f16_widen_portable(const uint16_t *from, int64_t n, float *to) {
  for (int64_t i = 0; i < n; i++) to[i] = f16_to_float(from[i]);
}

void kith_bf16_widen_portable(const uint16_t *from, int64_t n, float *to) {
  for (int64_t i = 0; i < n; i++) to[i] = bf16_to_float(from[i]);
}

void kith_f16_narrow_portable(const float *from, int64_t n, uint16_t *to) {
  for (int64_t i = 0; i < n; i++) to[i] = float_to_f16(from[i]);
}

void kith_bf16_narrow_portable(const float *from, int64_t n, uint16_t *to) {
  for (int64_t i = 0; i < n; i++) to[i] = float_to_bf16(from[i]);
}
