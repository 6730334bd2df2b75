// Selection by counting digits, for one block and one list.
#pragma once

#include "kith.cuh"

constexpr int BINS = 2048;
constexpr int DIGIT = 11;

// What a block needs to select; lies in shared memory.
struct SelectScratch {
  u32 bins[BINS];
  u32 sums[32];
  u64 low;
  u64 high;
  u32 bin;
  u32 below;
};

__device__ inline u32 ordered(float f) {
  u32 bits = __float_as_uint(f);
  return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}

__device__ inline float unordered(u32 u) { return __uint_as_float(u ^ (u >> 31 ? 0x80000000u : 0xffffffffu)); }

__device__ inline u64 ordered(double f) {
  u64 bits = static_cast<u64>(__double_as_longlong(f));
  return bits ^ (bits >> 63 ? ~0ull : 1ull << 63);
}

// Sum over the block before this thread; `total` gets the sum over all.
__device__ inline u32 exclusiveSum(u32 value, u32* sums, u32* total) {
  u32 lane = threadIdx.x & 31;
  u32 warp = threadIdx.x >> 5;
  u32 sum = value;
  for (int offset = 1; offset < 32; offset *= 2) {
    u32 other = __shfl_up_sync(ALL_LANES, sum, offset);
    if (lane >= offset) sum += other;
  }
  __syncthreads();
  if (lane == 31) sums[warp] = sum;
  __syncthreads();
  u32 warps = blockDim.x >> 5;
  u32 before = 0;
  u32 all = 0;
  for (u32 w = 0; w < warps; w++) {
    if (w < warp) before += sums[w];
    all += sums[w];
  }
  *total = all;
  return before + sum - value;
}

// The k-th smallest (k from 1) of numbers; `each(f)` calls f with every number of this thread. Exact after enough passes;
// after fewer the result is not below it, and not above the largest. `below` gets how many are smaller, if it is exact. There
// are at least k numbers. All threads of the block take part.
template <typename Each>
__device__ u64 kthSmallest(u32 k, int passes, Each each, SelectScratch& s, u32* below) {
  __syncthreads();  // a selection before this one may not have been read by all: it ends without a barrier
  if (threadIdx.x == 0) {
    s.low = ~0ull;
    s.high = 0;
  }
  __syncthreads();
  u64 low = ~0ull;
  u64 high = 0;
  each([&](u64 u) {
    low = min(low, u);
    high = max(high, u);
  });
  for (int offset = 16; offset > 0; offset /= 2) {
    low = min(low, __shfl_xor_sync(ALL_LANES, low, offset));
    high = max(high, __shfl_xor_sync(ALL_LANES, high, offset));
  }
  if ((threadIdx.x & 31) == 0) {
    atomicMin(&s.low, low);
    atomicMax(&s.high, high);
  }
  __syncthreads();
  u64 first = s.low;  // of the interval that holds the answer
  u64 last = s.high;
  u32 smaller = 0;
  for (int pass = 0; pass < passes && first < last; pass++) {
    u64 range = last - first;
    int bits = 64 - __clzll(static_cast<long long>(range));
    int shift = bits > DIGIT ? bits - DIGIT : 0;
    for (u32 b = threadIdx.x; b < BINS; b += blockDim.x) s.bins[b] = 0;
    __syncthreads();
    each([&](u64 u) {
      if (u - first <= range) atomicAdd(&s.bins[(u - first) >> shift], 1u);  // wraps for smaller ones
    });
    __syncthreads();
    u32 width = BINS / blockDim.x;
    u32 own = 0;
    for (u32 b = 0; b < width; b++) own += s.bins[threadIdx.x * width + b];
    u32 total;
    u32 before = smaller + exclusiveSum(own, s.sums, &total);
    if (before < k && k <= before + own) {
      for (u32 b = 0; b < width; b++) {
        u32 bin = threadIdx.x * width + b;
        if (before + s.bins[bin] >= k) {
          s.bin = bin;
          s.below = before;
          break;
        }
        before += s.bins[bin];
      }
    }
    __syncthreads();
    first += static_cast<u64>(s.bin) << shift;
    last = min(last, first + ((1ull << shift) - 1));
    smaller = s.below;
  }
  *below = smaller;
  return last;
}

// Whether this block is the last of `blocks` to come here; what the others wrote before is then seen through L2.
__device__ inline bool lastBlock(u32* ticket, u32 blocks) {
  __shared__ bool last;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    last = atomicAdd(ticket, 1u) == blocks - 1;
    if (last) *ticket = 0;  // for the next launch
  }
  __syncthreads();
  if (last) __threadfence();
  return last;
}
