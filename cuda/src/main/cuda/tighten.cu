// After a chunk of a scan: what it kept is valued, and what is not excluded stays.
#include "select.cuh"

namespace {

// Passes that a threshold is worth: it need not be exact, and so it is within 2^-21 of the range.
constexpr int THRESHOLD_PASSES = 2;

// So many are ranked by comparing each with all; more would cost more than counting digits.
constexpr u32 RANKED = 256;

// Values what the loops added to a query's list, of which HELD places a thread are kept in registers if that is all; brings the list to what neither its k-th smallest upper bound nor
// the query's limit excludes, and the loops' threshold to that.
template <int HELD>
__device__ void tighten(const Shadow& shadow, const Lists& lists, const Bound& bound, const QueryTerms* queries,
                               QueryFilter* filters, u32 query, u32 k, SelectScratch& s) {
  u32 count = __ldcg(lists.counts + query);
  if (count > lists.capacity) {  // gave up: nothing more is kept
    if (threadIdx.x == 0) filters[query].threshold = infinity();
    return;
  }
  u32 valued = __ldcg(lists.valued + query);
  u64 start = static_cast<u64>(query) * lists.capacity;
  u32* rows = lists.rows + start;
  float* lowers = lists.lowers + start;
  float* uppers = lists.uppers + start;
  QueryTerms q = queries[query];
  float scale = filters[query].scale;
  auto value = [&](u32 i, u32 row, float* lower, float* upper) {
    if (i >= valued) {
      interval(shadow, bound, q, scale, row, __float_as_int(*lower), __float_as_int(*upper), lower, upper);
    }
  };
  float tau = q.limit;
  u32 kept = 0;
  u32 below;
  if (count <= RANKED) {
    // Few: each thread counts what is smaller than its own.
    __shared__ float others[RANKED];
    u32 i = threadIdx.x;
    u32 row = 0;
    float lower = 0;
    float upper = infinity();
    if (i < count) {
      row = __ldcg(rows + i);
      lower = __ldcg(lowers + i);
      upper = __ldcg(uppers + i);
      value(i, row, &lower, &upper);
    }
    if (count >= k) {
      if (i < count) others[i] = upper;
      __syncthreads();
      u32 rank = 0;
      if (i < count) {
        for (u32 o = 0; o < count; o++) rank += others[o] < upper || (others[o] == upper && o < i);
      }
      if (i < count && rank == k - 1) s.low = __float_as_uint(upper);
      __syncthreads();
      tau = fminf(tau, __uint_as_float(static_cast<u32>(s.low)));
    }
    bool stays = i < count && !(lower > tau);
    u32 place = exclusiveSum(stays, s.sums, &kept);  // its barriers come after all reads
    if (stays) {
      rows[place] = row;
      lowers[place] = lower;
      uppers[place] = upper;
    }
  } else if (count <= HELD * blockDim.x) {
    u32 row[HELD];
    float lower[HELD];
    float upper[HELD];
#pragma unroll
    for (int h = 0; h < HELD; h++) {
      u32 i = h * blockDim.x + threadIdx.x;
      if (i < count) {
        row[h] = __ldcg(rows + i);
        lower[h] = __ldcg(lowers + i);
        upper[h] = __ldcg(uppers + i);
      }
    }
#pragma unroll
    for (int h = 0; h < HELD; h++) {
      u32 i = h * blockDim.x + threadIdx.x;
      if (i < count) value(i, row[h], lower + h, upper + h);
    }
    if (count >= k) {
      auto each = [&](auto f) {
#pragma unroll
        for (int h = 0; h < HELD; h++) {
          if (h * blockDim.x + threadIdx.x < count) f(ordered(upper[h]));
        }
      };
      tau = fminf(tau, unordered(static_cast<u32>(kthSmallest(k, THRESHOLD_PASSES, each, s, &below))));
    }
    u32 own = 0;
#pragma unroll
    for (int h = 0; h < HELD; h++) own += h * blockDim.x + threadIdx.x < count && !(lower[h] > tau);
    u32 place = exclusiveSum(own, s.sums, &kept);  // its barriers come after all reads
#pragma unroll
    for (int h = 0; h < HELD; h++) {
      if (h * blockDim.x + threadIdx.x < count && !(lower[h] > tau)) {
        rows[place] = row[h];
        lowers[place] = lower[h];
        uppers[place] = upper[h];
        place++;
      }
    }
  } else {
    for (u32 i = valued + threadIdx.x; i < count; i += blockDim.x) {
      float lower = __ldcg(lowers + i);
      float upper = __ldcg(uppers + i);
      value(i, __ldcg(rows + i), &lower, &upper);
      lowers[i] = lower;
      uppers[i] = upper;
    }
    __syncthreads();
    auto each = [&](auto f) {
      for (u32 i = threadIdx.x; i < count; i += blockDim.x) f(ordered(__ldcg(uppers + i)));
    };
    if (count >= k) tau = fminf(tau, unordered(static_cast<u32>(kthSmallest(k, THRESHOLD_PASSES, each, s, &below))));
    for (u32 from = 0; from < count; from += blockDim.x) {
      u32 i = from + threadIdx.x;
      bool stays = false;
      u32 row = 0;
      float lower = 0;
      float upper = 0;
      if (i < count) {
        row = __ldcg(rows + i);
        lower = __ldcg(lowers + i);
        upper = __ldcg(uppers + i);
        stays = !(lower > tau);
      }
      u32 total;
      u32 place = kept + exclusiveSum(stays, s.sums, &total);  // its barriers come after the reads above
      if (stays) {
        rows[place] = row;
        lowers[place] = lower;
        uppers[place] = upper;
      }
      kept += total;
    }
  }
  if (threadIdx.x == 0) {
    lists.counts[query] = kept;
    lists.valued[query] = kept;
    filters[query].threshold = thresholdOf(q, bound, tau);
  }
}

}  // namespace

// One block a query. For many queries small blocks, for few as many threads as there are.
extern "C" __global__ void __launch_bounds__(256)
kith_tighten(Shadow shadow, Lists lists, Bound bound, const QueryTerms* queries, QueryFilter* filters, u32 k) {
  __shared__ SelectScratch scratch;
  tighten<16>(shadow, lists, bound, queries, filters, blockIdx.x, k, scratch);
}

extern "C" __global__ void __launch_bounds__(1024)
kith_tighten_few(Shadow shadow, Lists lists, Bound bound, const QueryTerms* queries, QueryFilter* filters, u32 k) {
  __shared__ SelectScratch scratch;
  followOn();
  tighten<8>(shadow, lists, bound, queries, filters, blockIdx.x, k, scratch);
}
