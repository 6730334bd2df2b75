// The canonical key of docs/exactness.md, section 1, bit by bit, and the k best by it. No operation here is fused: the
// intrinsics used are never contracted, whatever the compiler is told.
#include "select.cuh"

namespace {

constexpr u32 FEW = 320;  // the most keys that are ranked without a selection before

// The sum of eight lanes in the order of the definition; lane 0 gets it.
__device__ inline double sumOfLanes(double lane) {
  for (int offset = 4; offset > 0; offset /= 2) lane = __dadd_rn(lane, __shfl_down_sync(ALL_LANES, lane, offset, 8));
  return lane;
}

constexpr int AHEAD = 16;  // elements that a lane loads before it uses the first

// Eight lanes compute the key of a row; lane 0 gets it. Past the end come terms of +0.0, which change nothing.
template <int TYPE, int METRIC>
__device__ double canonicalKey(const float* query, const void* rows, u64 start, u32 d, u32 lane) {
  double sum = 0;
  double querySquares = 0;
  double rowSquares = 0;
  for (u32 base = lane; base < d; base += 8 * AHEAD) {
    float q[AHEAD];
    float x[AHEAD];
#pragma unroll
    for (int a = 0; a < AHEAD; a++) {
      u32 i = base + 8 * a;
      x[a] = i < d ? static_cast<float>(element<TYPE>(rows, start + i)) : 0;  // exact: every element is a float32
      q[a] = i < d ? __ldg(query + i) : 0;
    }
#pragma unroll
    for (int a = 0; a < AHEAD; a++) {
      double qa = q[a];
      double xa = x[a];
      if constexpr (METRIC == L2) {
        double difference = __dsub_rn(qa, xa);
        sum = __dadd_rn(sum, __dmul_rn(difference, difference));
      } else {
        // A product of -0.0 leaves a lane that began at +0.0 as it is.
        sum = __dadd_rn(sum, __dmul_rn(qa, xa));
      }
      if constexpr (METRIC == COSINE) {
        querySquares = __dadd_rn(querySquares, __dmul_rn(qa, qa));
        rowSquares = __dadd_rn(rowSquares, __dmul_rn(xa, xa));
      }
    }
  }
  sum = sumOfLanes(sum);
  if constexpr (METRIC == L2) return sum;
  if constexpr (METRIC == DOT) return __dsub_rn(0.0, sum);
  double squares = __dmul_rn(sumOfLanes(querySquares), sumOfLanes(rowSquares));
  return squares == 0 ? 0.0 : __dsub_rn(0.0, __ddiv_rn(sum, __dsqrt_rn(squares)));
}

template <int TYPE>
__device__ double canonicalKey(int metric, const float* query, const void* rows, u64 start, u32 d, u32 lane) {
  switch (metric) {
    case L2: return canonicalKey<TYPE, L2>(query, rows, start, d, lane);
    case COSINE: return canonicalKey<TYPE, COSINE>(query, rows, start, d, lane);
    default: return canonicalKey<TYPE, DOT>(query, rows, start, d, lane);
  }
}

__device__ double canonicalKey(int type, int metric, const float* query, const void* rows, u64 start, u32 d, u32 lane) {
  switch (type) {
    case FLOAT32: return canonicalKey<FLOAT32>(metric, query, rows, start, d, lane);
    case FLOAT16: return canonicalKey<FLOAT16>(metric, query, rows, start, d, lane);
    case BFLOAT16: return canonicalKey<BFLOAT16>(metric, query, rows, start, d, lane);
    case INT8: return canonicalKey<INT8>(metric, query, rows, start, d, lane);
    default: return canonicalKey<UINT8>(metric, query, rows, start, d, lane);
  }
}

__device__ inline bool before(double key, u32 row, double otherKey, u32 otherRow) {
  return key < otherKey || (key == otherKey && row < otherRow);
}

// The best rows of a list, in order, to `bestRows` and `bestKeys`; returns how many.
__device__ u32 best(const u32* rows, const double* keys, u32 count, u32 k, u32* bestRows, double* bestKeys, SelectScratch& s,
                    double* pickedKeys, u32* pickedRows) {
  __shared__ u32 picked;
  if (threadIdx.x == 0) picked = 0;
  __syncthreads();
  if (count <= FEW) {
    for (u32 i = threadIdx.x; i < count; i += blockDim.x) {
      pickedKeys[i] = __ldcg(keys + i);
      pickedRows[i] = __ldcg(rows + i);
    }
    if (threadIdx.x == 0) picked = count;
  } else {
    u32 below = 0;
    auto key = [=](u32 i) { return ordered(__ldcg(keys + i)); };
    auto eachKey = [=](auto f) {
      for (u32 i = threadIdx.x; i < count; i += blockDim.x) f(key(i));
    };
    u64 last = kthSmallest(min(k, count), 64, eachKey, s, &below);
    // Of those with the last key, the smaller rows.
    auto eachRow = [=](auto f) {
      for (u32 i = threadIdx.x; i < count; i += blockDim.x) {
        if (key(i) == last) f(__ldcg(rows + i));
      }
    };
    u32 none;
    u64 lastRow = kthSmallest(min(k, count) - below, 64, eachRow, s, &none);
    for (u32 i = threadIdx.x; i < count; i += blockDim.x) {
      u64 own = key(i);
      if (own < last || (own == last && __ldcg(rows + i) <= lastRow)) {
        u32 place = atomicAdd(&picked, 1u);
        pickedKeys[place] = __ldcg(keys + i);
        pickedRows[place] = __ldcg(rows + i);
      }
    }
  }
  __syncthreads();
  u32 n = picked;
  u32 result = min(k, n);
  for (u32 i = threadIdx.x; i < n; i += blockDim.x) {
    double key = pickedKeys[i];
    u32 row = pickedRows[i];
    u32 rank = 0;
    for (u32 j = 0; j < n; j++) rank += before(pickedKeys[j], pickedRows[j], key, row);
    if (rank < result) {
      bestRows[rank] = row;
      bestKeys[rank] = key;
    }
  }
  return result;
}

}  // namespace

// Keys of the rows in the lists from place `done[query]` on, then the k best, in order, to `bestRows` and `bestKeys` ([query]
// [k]), and what there is to say to `reports`; the three may be the host's memory. Blocks (x, query): `slots` names the
// queries, or is null for all. Lists hold positions of a shadow of n rows, or rows if `scatter` is 0. With `keep` the best
// stay in the list, for more rows to be added; `done` then says how many. A launch gives it 12 max(k, FEW) bytes of shared memory.
extern "C" __global__ void __launch_bounds__(256)
kith_rescore(const void* rows, u32 n, u32 scatter, u32 d, int type, int metric, const float* queries, Lists lists,
             const u32* slots, u32* done, u32* tickets, u32 k, int keep, u32* bestRows, double* bestKeys, Outcome* outcomes,
             Outcome* reports) {
  __shared__ SelectScratch scratch;
  extern __shared__ double pickedKeys[];  // [max(k, FEW)], then the rows of those keys
  u32* pickedRows = reinterpret_cast<u32*>(pickedKeys + max(k, FEW));
  followOn();
  u32 query = slots ? slots[blockIdx.y] : blockIdx.y;
  u32 count = __ldcg(lists.counts + query);
  if (count > lists.capacity) {
    if (blockIdx.x == 0 && threadIdx.x == 0) {
      u32 why = count >= COUNT_OF_NO_BOUND ? NO_BOUND : FULL;
      reports[query] = {0, 0, why, outcomes[query].broken};
    }
    return;
  }
  u64 start = static_cast<u64>(query) * lists.capacity;
  const float* q = queries + static_cast<u64>(query) * d;
  u32 first = __ldcg(done + query);
  u32 lane = threadIdx.x & 7;
  u32 groups = blockDim.x >> 3;
  // No more than have something to do: the others need not be waited for.
  u32 blocks = min(gridDim.x, max(1, (count - first + groups - 1) / groups));
  if (blockIdx.x >= blocks) return;
  // All lanes of a warp stay in the loop: shuffles need them.
  for (u32 from = first + blockIdx.x * groups; from < count; from += blocks * groups) {
    u32 i = from + (threadIdx.x >> 3);
    u32 row = __ldcg(lists.rows + start + min(i, count - 1));
    float lower = __ldcg(lists.lowers + start + min(i, count - 1));
    if (scatter) row = rowAt(row, scatter, n);
    double key = canonicalKey(type, metric, q, rows, static_cast<u64>(row) * d, d, lane);
    if (lane == 0 && i < count) {
      lists.keys[start + i] = key;
      if (!(fabs(key) < infinity())) {
        atomicMax(&outcomes[query].broken, static_cast<u32>(ROW_NOT_FINITE));
      } else if (key < lower) {
        atomicMax(&outcomes[query].broken, static_cast<u32>(BELOW_BOUND));
      }
    }
  }
  if (blocks > 1) {
    if (!lastBlock(tickets + query, blocks)) return;
  } else {
    __syncthreads();
  }
  if (scatter) {  // not before: the last of the list may be read by several
    for (u32 i = first + threadIdx.x; i < count; i += blockDim.x) {
      lists.rows[start + i] = rowAt(__ldcg(lists.rows + start + i), scatter, n);
    }
    __syncthreads();
  }
  u32* resultRows = bestRows + static_cast<u64>(query) * k;
  double* resultKeys = bestKeys + static_cast<u64>(query) * k;
  u32 found = best(lists.rows + start, lists.keys + start, count, k, resultRows, resultKeys, scratch, pickedKeys, pickedRows);
  if (keep) {
    __syncthreads();
    for (u32 i = threadIdx.x; i < found; i += blockDim.x) {
      lists.rows[start + i] = resultRows[i];
      lists.keys[start + i] = resultKeys[i];
    }
  }
  if (threadIdx.x == 0) {
    Outcome outcome = {found, outcomes[query].candidates + count - first, 0, __ldcg(&outcomes[query].broken)};
    reports[query] = outcome;
    outcomes[query].candidates = outcome.candidates;
    if (keep) {
      lists.counts[query] = found;
      done[query] = found;
    }
  }
}

// Adds the rows [from, to) that the filter lets through to the lists of `slots`; nothing is known of their keys.
extern "C" __global__ void kith_fill(u32 from, u32 to, const u32* filter, Lists lists, const u32* slots) {
  u32 query = slots ? slots[blockIdx.y] : blockIdx.y;
  u64 start = static_cast<u64>(query) * lists.capacity;
  u32 rounds = (to - from + gridDim.x * blockDim.x - 1) / (gridDim.x * blockDim.x);
  for (u32 round = 0; round < rounds; round++) {
    u32 row = from + (round * gridDim.x + blockIdx.x) * blockDim.x + threadIdx.x;
    bool taken = row < to && allows(filter, row);
    u32 mask = __ballot_sync(ALL_LANES, taken);
    u32 place = 0;
    if ((threadIdx.x & 31) == 0 && mask) place = atomicAdd(lists.counts + query, static_cast<u32>(__popc(mask)));
    place = __shfl_sync(ALL_LANES, place, 0) + __popc(mask & ((1u << (threadIdx.x & 31)) - 1));
    if (taken) {
      lists.rows[start + place] = row;
      lists.lowers[start + place] = -infinity();
    }
  }
}

// A bit a row becomes a bit a position of a shadow.
extern "C" __global__ void kith_scatter_bits(const u32* filter, u32 n, u32 scatter, u32* positions) {
  u32 position = blockIdx.x * blockDim.x + threadIdx.x;
  u32 word = __ballot_sync(ALL_LANES, position < n && allows(filter, rowAt(position, scatter, n)));
  if (position < n && (threadIdx.x & 31) == 0) positions[position >> 5] = word;
}

// Empties the lists of `slots` for a pass over all rows.
extern "C" __global__ void kith_restart(Lists lists, const u32* slots, u32 count, u32* done, Outcome* outcomes) {
  u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  u32 query = slots ? slots[i] : i;
  lists.counts[query] = 0;
  done[query] = 0;
  outcomes[query].candidates = 0;
}
