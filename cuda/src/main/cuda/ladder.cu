// The ladder: one search by ever better kernels, written to be read. Sections between [name] and [/name] are shown to the
// reader of a ladder, who sees no other part of this file; dev.kith.cuda.ladder runs them. All is float32 and nothing is
// proved. Row-major everywhere: rows [n][d], queries [count][d].
#include "kith.cuh"

// [operations]
// The operations of sqrt(sum((query - row)^2)), a kernel each. Every one reads all its input from the device's memory and
// writes all its output there. Called for one row (n = 1) they do next to nothing; called for all rows at once they fill
// the device.

// gaps = query - row, for n rows of d elements: n d < 2^32.
extern "C" __global__ void kith_ladder_subtract(const float* rows, const float* query, float* gaps, u32 n, u32 d) {
  u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n * d) gaps[i] = query[i % d] - rows[i];
}

extern "C" __global__ void kith_ladder_square(float* values, u32 count) {
  u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) values[i] *= values[i];
}

// sums[row] = the sum of its d values. A warp a row: lane l adds up values l, l + 32, ..., so that neighbours read neighbours.
extern "C" __global__ void kith_ladder_sum(const float* values, float* sums, u32 n, u32 d) {
  u32 row = (blockIdx.x * blockDim.x + threadIdx.x) / 32;
  u32 lane = threadIdx.x % 32;
  if (row >= n) return;  // the whole warp leaves together
  float sum = 0;
  for (u32 i = lane; i < d; i += 32) sum += values[row * d + i];
  sum = warpSum(sum);
  if (lane == 0) sums[row] = sum;
}

extern "C" __global__ void kith_ladder_root(float* values, u32 count) {
  u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) values[i] = sqrtf(values[i]);
}
// [/operations]

namespace {

// [distance]
// The distance of one row to the query, by one warp: what was four kernels is one loop. Gaps and squares live in registers
// and never see memory; each element of the row is read once, by coalesced loads. Every lane gets the result.
__device__ inline float distance(const float* row, const float* query, u32 d) {
  float sum = 0;
#pragma unroll 4
  for (u32 i = threadIdx.x % 32; i < d; i += 32) {
    float gap = __ldg(query + i) - __ldg(row + i);
    sum += gap * gap;
  }
  return sqrtf(warpSum(sum));
}
// [/distance]

// [key]
// A distance and its row as one integer that sorts as they do: floats that are not negative are ordered as their bits are,
// and equal distances by the smaller row.
__device__ inline u64 keyOf(float distance, u32 row) { return static_cast<u64>(__float_as_uint(distance)) << 32 | row; }
// [/key]

// Past every key.
constexpr u64 NONE = ~0ull;

}  // namespace

// [fused]
extern "C" __global__ void __launch_bounds__(256)
kith_ladder_distances(const float* rows, const float* query, float* distances, u32 n, u32 d) {
  u32 row = (blockIdx.x * blockDim.x + threadIdx.x) / 32;
  if (row >= n) return;  // the whole warp leaves together
  float result = distance(rows + static_cast<u64>(row) * d, query, d);
  if (threadIdx.x % 32 == 0) distances[row] = result;
}
// [/fused]

// [sort]
// A bitonic sort of `padded` keys, a power of two. Runs of `size` keys, every other one falling, are merged by comparing
// keys `stride` apart, for stride = size / 2, size / 4, ... 1. Where stride is small enough, a block does all further steps
// in its shared memory.
constexpr u32 SORT_BLOCK = 2048;  // keys that a block of half as many threads holds

__device__ inline void order(u64& first, u64& second, bool rising) {
  if ((first > second) == rising) {
    u64 other = first;
    first = second;
    second = other;
  }
}

// Thread t's pair at a stride, a power of two, begins here.
__device__ inline u32 pairAt(u32 t, u32 stride) { return 2 * t - (t & (stride - 1)); }

// All steps of one merge from `stride` on; `keys` are those from `base` on, in shared memory.
__device__ inline void mergeInBlock(u64* keys, u32 base, u32 size, u32 stride) {
  for (; stride > 0; stride /= 2) {
    __syncthreads();
    u32 i = pairAt(threadIdx.x, stride);
    order(keys[i], keys[i + stride], ((base + i) & size) == 0);
  }
  __syncthreads();
}

extern "C" __global__ void kith_ladder_keys(const float* distances, u64* keys, u32 n, u32 padded) {
  u32 i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < padded) keys[i] = i < n ? keyOf(distances[i], i) : NONE;
}

// Sorts each block's keys, rising and falling by turns.
extern "C" __global__ void __launch_bounds__(SORT_BLOCK / 2) kith_ladder_sort_blocks(u64* keys) {
  __shared__ u64 own[SORT_BLOCK];
  u32 base = blockIdx.x * SORT_BLOCK;
  for (u32 i = threadIdx.x; i < SORT_BLOCK; i += blockDim.x) own[i] = keys[base + i];
  for (u32 size = 2; size <= SORT_BLOCK; size *= 2) mergeInBlock(own, base, size, size / 2);
  for (u32 i = threadIdx.x; i < SORT_BLOCK; i += blockDim.x) keys[base + i] = own[i];
}

// One step of a merge, over all keys: stride >= SORT_BLOCK.
extern "C" __global__ void kith_ladder_sort_step(u64* keys, u32 size, u32 stride) {
  u32 i = pairAt(blockIdx.x * blockDim.x + threadIdx.x, stride);
  order(keys[i], keys[i + stride], (i & size) == 0);
}

// The steps that are left of a merge, which stay within blocks.
extern "C" __global__ void __launch_bounds__(SORT_BLOCK / 2) kith_ladder_sort_rest(u64* keys, u32 size) {
  __shared__ u64 own[SORT_BLOCK];
  u32 base = blockIdx.x * SORT_BLOCK;
  for (u32 i = threadIdx.x; i < SORT_BLOCK; i += blockDim.x) own[i] = keys[base + i];
  mergeInBlock(own, base, size, SORT_BLOCK / 2);
  for (u32 i = threadIdx.x; i < SORT_BLOCK; i += blockDim.x) keys[base + i] = own[i];
}
// [/sort]

namespace {

// [best]
// The k smallest of the keys that a block meets, in shared memory: keys that may be among them wait in `list`; when it is
// full, each is ranked by counting how many are smaller, and those ranked k and above go. From then on `bound`, the k-th
// smallest so far, keeps most keys out. No two keys are equal.
struct Best {
  u64* list;    // [capacity]
  u64* sorted;  // [k]
  u32* count;   // of the list
  u64* bound;
  u32 k;
  u32 capacity;  // 2 k or more

  __device__ inline void start() {
    if (threadIdx.x == 0) {
      *count = 0;
      *bound = NONE;
    }
    __syncthreads();
  }

  // By any thread; there must be room.
  __device__ inline void offer(u64 key) {
    if (key < *bound) list[atomicAdd(count, 1u)] = key;
  }

  // How many more may be offered: the same for all threads, which all wait for each other here. Keeps the k smallest of the
  // list, sorted, if that is needed or `always`.
  __device__ inline u32 room(bool always) {
    __syncthreads();
    u32 held = *count;
    __syncthreads();  // all have read it before one may offer again
    if (!always && 2 * held <= capacity) return capacity - held;
    for (u32 i = threadIdx.x; i < held; i += blockDim.x) {
      u64 key = list[i];
      u32 rank = 0;
      for (u32 j = 0; j < held; j++) rank += list[j] < key;
      if (rank < k) sorted[rank] = key;
    }
    __syncthreads();
    u32 left = min(held, k);
    for (u32 i = threadIdx.x; i < left; i += blockDim.x) list[i] = sorted[i];
    if (threadIdx.x == 0) {
      *count = left;
      if (left == k) *bound = sorted[k - 1];
    }
    __syncthreads();
    return capacity - left;
  }

  // The k smallest, sorted, NONE where there are fewer.
  __device__ inline void write(u64* to) {
    room(true);
    for (u32 i = threadIdx.x; i < k; i += blockDim.x) to[i] = i < *count ? list[i] : NONE;
  }
};
// [/best]

__device__ inline Best bestIn(u64* shared, u32* count, u64* bound, u32 k, u32 capacity) {
  return {shared, shared + capacity, count, bound, k, capacity};
}

}  // namespace

// [selection]
// Distances and selection in one kernel: a block scores its share of the rows, a warp a row, and writes its k best keys to
// best[block]. No distance is ever written to memory.
extern "C" __global__ void __launch_bounds__(256)
kith_ladder_select(const float* rows, const float* query, u64* best, u32 n, u32 d, u32 k, u32 capacity) {
  extern __shared__ u64 shared[];  // [capacity + k]
  __shared__ u32 count;
  __shared__ u64 bound;
  Best found = bestIn(shared, &count, &bound, k, capacity);
  found.start();
  u32 next = static_cast<u64>(n) * blockIdx.x / gridDim.x;
  u32 end = static_cast<u64>(n) * (blockIdx.x + 1) / gridDim.x;
  while (next < end) {
    u32 until = next + min(end - next, found.room(false));
    for (u32 row = next + threadIdx.x / 32; row < until; row += blockDim.x / 32) {
      float result = distance(rows + static_cast<u64>(row) * d, query, d);
      if (threadIdx.x % 32 == 0) found.offer(keyOf(result, row));
    }
    next = until;
  }
  found.write(best + static_cast<u64>(blockIdx.x) * k);
}

// The k smallest of the keys that the blocks left, in order: best[query][k] of keys[query][count]. A warp a key counts how
// many are smaller, 32 at a time, and stops as soon as they are k.
extern "C" __global__ void __launch_bounds__(256)
kith_ladder_merge(const u64* keys, u64* best, u32 count, u32 k) {
  u32 at = (blockIdx.x * blockDim.x + threadIdx.x) / 32;
  u32 lane = threadIdx.x % 32;
  if (at >= count) return;  // the whole warp leaves together
  const u64* own = keys + static_cast<u64>(blockIdx.y) * count;
  u64 key = own[at];
  if (key == NONE) return;
  u32 rank = 0;
  for (u32 first = 0; first < count && rank < k; first += 32) {
    u32 i = first + lane;
    rank += __popc(__ballot_sync(ALL_LANES, i < count && own[i] < key));
  }
  if (lane == 0 && rank < k) best[static_cast<u64>(blockIdx.y) * k + rank] = key;
}
// [/selection]

// [tile]
// Many queries at once: a block computes the distances of 64 queries to 64 rows. Slices of both, 16 elements wide, lie in
// shared memory, where each element is used 64 times after it was read once from the device's memory; and a thread holds the
// sums of 4 queries and 4 rows in registers, so that each element that it takes from shared memory is used 4 times.
constexpr u32 TILE = 64;
constexpr u32 SLICE = 16;
constexpr u32 PITCH = TILE + 4;  // aligned for loads of four, and most threads that write at once hit other banks

// slice[element][vector] of vectors [first, first + TILE), elements [from, from + SLICE); zeros past either end.
__device__ inline void loadSlice(const float* vectors, u32 first, u32 count, u32 from, u32 d, float (*slice)[PITCH]) {
  for (u32 i = threadIdx.x; i < TILE * SLICE; i += blockDim.x) {
    u32 vector = first + i / SLICE;
    u32 element = from + i % SLICE;
    bool inside = vector < count && element < d;
    slice[i % SLICE][i / SLICE] = inside ? __ldg(vectors + static_cast<u64>(vector) * d + element) : 0;
  }
}

// distances[query][place] of rows [from, to), place = row - from < stride. Blocks (tiles of rows, tiles of queries).
extern "C" __global__ void __launch_bounds__(256)
kith_ladder_tile(const float* rows, const float* queries, float* distances, u32 from, u32 to, u32 count, u32 d, u32 stride) {
  __shared__ __align__(16) float querySlice[SLICE][PITCH];
  __shared__ __align__(16) float rowSlice[SLICE][PITCH];
  u32 firstRow = from + blockIdx.x * TILE;
  u32 firstQuery = blockIdx.y * TILE;
  u32 rowOfFour = threadIdx.x % 16 * 4;  // this thread's, within the tile
  u32 queryOfFour = threadIdx.x / 16 * 4;
  float sums[4][4] = {};  // [query][row]
  for (u32 element = 0; element < d; element += SLICE) {
    loadSlice(queries, firstQuery, count, element, d, querySlice);
    loadSlice(rows, firstRow, to, element, d, rowSlice);
    __syncthreads();
#pragma unroll
    for (u32 e = 0; e < SLICE; e++) {
      float4 q = *reinterpret_cast<const float4*>(&querySlice[e][queryOfFour]);
      float4 x = *reinterpret_cast<const float4*>(&rowSlice[e][rowOfFour]);
      float qs[4] = {q.x, q.y, q.z, q.w};
      float xs[4] = {x.x, x.y, x.z, x.w};
#pragma unroll
      for (u32 i = 0; i < 4; i++) {
#pragma unroll
        for (u32 j = 0; j < 4; j++) {
          float gap = qs[i] - xs[j];
          sums[i][j] += gap * gap;
        }
      }
    }
    __syncthreads();  // before the slices are overwritten
  }
  for (u32 i = 0; i < 4; i++) {
    for (u32 j = 0; j < 4; j++) {
      u32 query = firstQuery + queryOfFour + i;
      u32 row = firstRow + rowOfFour + j;
      if (query < count && row < to) distances[static_cast<u64>(query) * stride + row - from] = sqrtf(sums[i][j]);
    }
  }
}

// The k best of each query's distances to rows [from, to): to best[query][slot], of `slots`. A block a query.
extern "C" __global__ void __launch_bounds__(256)
kith_ladder_select_tile(const float* distances, u64* best, u32 from, u32 to, u32 stride, u32 slot, u32 slots, u32 k,
                        u32 capacity) {
  extern __shared__ u64 shared[];  // [capacity + k]
  __shared__ u32 count;
  __shared__ u64 bound;
  Best found = bestIn(shared, &count, &bound, k, capacity);
  found.start();
  const float* own = distances + static_cast<u64>(blockIdx.x) * stride;
  for (u32 next = from; next < to;) {
    u32 until = next + min(to - next, found.room(false));
    for (u32 row = next + threadIdx.x; row < until; row += blockDim.x) found.offer(keyOf(own[row - from], row));
    next = until;
  }
  found.write(best + (static_cast<u64>(blockIdx.x) * slots + slot) * k);
}
// [/tile]

// ---- what the floors and the times rest on ----

// Reads all `count` groups of 16 bytes, `passes` times, from L2 or memory; *out is written if they are not all zero.
extern "C" __global__ void kith_ladder_read(const float4* data, u64 count, u32 passes, float* out) {
  u64 step = static_cast<u64>(gridDim.x) * blockDim.x;
  float sum = 0;
  for (u32 pass = 0; pass < passes; pass++) {
#pragma unroll 8
    for (u64 i = static_cast<u64>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) {
      float4 v;  // volatile: read again in each pass; cg: not from L1
      asm volatile("ld.global.cg.v4.f32 {%0, %1, %2, %3}, [%4];"
                   : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w)
                   : "l"(data + i));
      sum += v.x + v.y + v.z + v.w;
    }
  }
  if (sum != 0) *out = sum;
}

// 16 `rounds` multiply-adds a thread, in 16 chains; *out is written if their sum is negative, which it is not.
extern "C" __global__ void kith_ladder_multiply(float* out, float factor, u32 rounds) {
  float chains[16];
  for (int c = 0; c < 16; c++) chains[c] = threadIdx.x + c;
  for (u32 round = 0; round < rounds; round++) {
#pragma unroll
    for (int c = 0; c < 16; c++) chains[c] = fmaf(chains[c], factor, factor);
  }
  float sum = 0;
  for (int c = 0; c < 16; c++) sum += chains[c];
  if (sum < 0) *out = sum;
}

// Holds the stream for so long: what is queued meanwhile then runs without waiting for the host.
extern "C" __global__ void kith_ladder_pause(u64 nanos) {
  u64 start;
  u64 now;
  asm volatile("mov.u64 %0, %globaltimer;" : "=l"(start));
  do {
    asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
  } while (now - start < nanos);
}
