// What all kernels share: words, rounding, elements, sums over a block. No host headers: NVRTC compiles this as it is.
#pragma once

#include "structs.cuh"

// As dev.kith.core.metric.Metric and dev.kith.core.vector.ElementType order them.
enum Metric { L2 = 0, COSINE = 1, DOT = 2 };
enum Type { FLOAT32 = 0, FLOAT16 = 1, BFLOAT16 = 2, INT8 = 3, UINT8 = 4 };

constexpr u32 ALL_LANES = 0xffffffffu;

// Waits for the kernel before this one in the stream, and lets the next be brought to the multiprocessors meanwhile. Where
// a launch does not ask for that overlap, it does nothing.
__device__ inline void followOn() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;");
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

__device__ inline float infinity() { return __int_as_float(0x7f800000); }

// The next float32 above, as Math.nextUp.
__device__ inline float nextUp(float f) {
  if (!(f < infinity())) return f;
  if (f == 0) return __int_as_float(1);
  int bits = __float_as_int(f);
  return __int_as_float(f > 0 ? bits + 1 : bits - 1);
}

__device__ inline float floatUp(double v) { return nextUp(__double2float_rn(v)); }

__device__ inline float floatDown(double v) { return -nextUp(-__double2float_rn(v)); }

// A norm computed in float64, rounded up.
__device__ inline double normUp(double norm) { return norm * (1 + 0x1p-30); }

// Element `at` of rows of a type, exactly.
template <int TYPE>
__device__ inline double element(const void* data, u64 at) {
  if constexpr (TYPE == FLOAT32) {
    return __ldg(static_cast<const float*>(data) + at);
  } else if constexpr (TYPE == FLOAT16) {
    float value;
    unsigned short bits = __ldg(static_cast<const unsigned short*>(data) + at);
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
  } else if constexpr (TYPE == BFLOAT16) {
    return __uint_as_float(static_cast<u32>(__ldg(static_cast<const unsigned short*>(data) + at)) << 16);
  } else if constexpr (TYPE == INT8) {
    return __ldg(static_cast<const signed char*>(data) + at);
  } else {
    return __ldg(static_cast<const unsigned char*>(data) + at);
  }
}

__device__ inline bool isFinite(double x) { return fabs(x) <= 0x1.fffffep127; }

template <typename T>
__device__ inline T warpSum(T value) {
  for (int offset = 16; offset > 0; offset /= 2) value += __shfl_xor_sync(ALL_LANES, value, offset);
  return value;
}

__device__ inline double warpMax(double value) {
  for (int offset = 16; offset > 0; offset /= 2) value = fmax(value, __shfl_xor_sync(ALL_LANES, value, offset));
  return value;
}

// Sums, or the maximum if MAX, of N values over a block of up to 32 warps, to every thread; `scratch` has 32 N places.
template <bool MAX, int N>
__device__ inline void blockReduce(double (&values)[N], double* scratch) {
  for (int v = 0; v < N; v++) values[v] = MAX ? warpMax(values[v]) : warpSum(values[v]);
  __syncthreads();
  u32 warp = threadIdx.x >> 5;
  u32 lane = threadIdx.x & 31;
  if (lane == 0) {
    for (int v = 0; v < N; v++) scratch[32 * v + warp] = values[v];
  }
  __syncthreads();
  for (int v = 0; v < N; v++) {
    double own = lane < blockDim.x >> 5 ? scratch[32 * v + lane] : 0;
    values[v] = MAX ? warpMax(own) : warpSum(own);
  }
}

// Position `position` of a shadow holds this row: steps of `stride`, which shares no divisor with n, scatter the rows, so
// that the shadow's first rows are a fair sample of all.
__device__ inline u32 rowAt(u32 position, u32 stride, u32 n) { return static_cast<u64>(position) * stride % n; }

enum QueryState { BOUNDED = 0, UNBOUNDED = 1, NOT_FINITE = 2 };

// Why a search of a query ended without an answer: its list was full, or it has no bound, which its list's count tells from the
// start.
enum GaveUp { ANSWERED = 0, FULL = 1, NO_BOUND = 2 };
constexpr u32 COUNT_OF_NO_BOUND = 1u << 31;

// A key below its lower bound: the rows were changed. Or a key, or an element of the query, that is not finite.
// The largest counts.
enum Broken { WHOLE = 0, BELOW_BOUND = 1, ROW_NOT_FINITE = 2, QUERY_NOT_FINITE = 3 };

__device__ inline bool allows(const u32* filter, u32 at) { return !filter || (__ldg(filter + (at >> 5)) >> (at & 31) & 1); }

// Whether the row at a position may be returned; those from `to` on are not asked for.
__device__ inline bool isWanted(const Shadow& shadow, u32 position, u32 to) {
  return position < to && allows(shadow.filter, position);
}

// A row whose bound in the loops is below this has a key above tau.
__device__ inline float thresholdOf(const QueryTerms& q, const Bound& bound, float tau) {
  if (q.state != BOUNDED || tau == infinity()) return -infinity();
  double threshold = bound.metric == L2
      ? 0.5 * (q.squaredNorm - tau) - bound.sigma * q.norm * q.norm
      : -static_cast<double>(tau) - q.offset - bound.sigma * ((q.norm + 2 * bound.centreNorm) * 4 * bound.centreNorm);
  return floatDown(threshold - 0x1p-140);
}

// Where the key of a row must lie.
__device__ inline void interval(const Shadow& shadow, const Bound& bound, const QueryTerms& q, float scale, u32 position,
                                int product, int lowProduct, float* lower, float* upper) {
  RowTerms row = shadow.terms[position];
  double base = __ldg(shadow.bases + position);
  double t = row.scale * (static_cast<double>(scale) * product + static_cast<double>(q.lowScale) * lowProduct);
  double estimate = bound.metric == L2 ? q.squaredNorm + base - 2 * t : 0.0 - (t + base + q.offset);
  double e = q.codedNorm * row.residual + q.missed * row.reach;
  double error = bound.metric == L2
      ? 2 * e + bound.sigma * (q.norm + row.reach) * (q.norm + row.reach)
      : e + bound.sigma * (q.norm + 2 * bound.centreNorm) * (row.reach + 2 * bound.centreNorm);
  error *= 1 + 0x1p-40;
  bool known = q.state == BOUNDED && error < infinity() && fabs(estimate) < infinity();
  *lower = known ? __double2float_rd(estimate - error) : -infinity();
  *upper = known ? __double2float_ru(estimate + error) : infinity();
}

// Puts a row of the first chunk to its place, with its bounds.
__device__ inline void place(const Shadow& shadow, const Bound& bound, const QueryTerms* queries, const Lists& lists, u32 query,
                             u32 position, int product, int lowProduct, float scale) {
  u64 at = static_cast<u64>(query) * lists.capacity + position;
  float lower;
  float upper;
  interval(shadow, bound, queries[query], scale, position, product, lowProduct, &lower, &upper);
  lists.rows[at] = position;
  lists.lowers[at] = lower;
  lists.uppers[at] = upper;
}

// Adds a row that the filter in the loop kept to the query's list.
__device__ inline void append(const Lists& lists, u32 query, u32 position, int product, int lowProduct) {
  u32 place = lists.direct ? position : atomicAdd(lists.counts + query, 1u);
  if (place < lists.capacity) {
    u64 at = static_cast<u64>(query) * lists.capacity + place;
    lists.rows[at] = position;
    lists.products[at] = product;
    lists.lowProducts[at] = lowProduct;
  }
}
