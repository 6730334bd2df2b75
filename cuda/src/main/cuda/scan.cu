// The scan of a shadow: products of codes, the filter in the loop, and lists of what it keeps. docs/exactness.md, 4.
#include "queue.cuh"

namespace {

// ---- few queries: as fast as memory delivers codes ----

constexpr int ROWS_A_GROUP = 4;   // rows that 8 lanes take at a time
constexpr int ROWS_A_WARP = 16;

// Eight sums over eight lanes: lane l gets the sum of v[l].
__device__ inline int transposeSum(const int (&v)[8], u32 lane) {
  int four[4];
  for (int i = 0; i < 4; i++) {
    int send = lane & 4 ? v[i] : v[i + 4];
    four[i] = (lane & 4 ? v[i + 4] : v[i]) + __shfl_xor_sync(ALL_LANES, send, 4);
  }
  int two[2];
  for (int i = 0; i < 2; i++) {
    int send = lane & 2 ? four[i] : four[i + 2];
    two[i] = (lane & 2 ? four[i + 2] : four[i]) + __shfl_xor_sync(ALL_LANES, send, 2);
  }
  int send = lane & 1 ? two[0] : two[1];
  return (lane & 1 ? two[1] : two[0]) + __shfl_xor_sync(ALL_LANES, send, 1);
}

__device__ inline int dot16(const uint4& a, const uint4& b, int sum) {
  sum = __dp4a(static_cast<int>(a.x), static_cast<int>(b.x), sum);
  sum = __dp4a(static_cast<int>(a.y), static_cast<int>(b.y), sum);
  sum = __dp4a(static_cast<int>(a.z), static_cast<int>(b.z), sum);
  return __dp4a(static_cast<int>(a.w), static_cast<int>(b.w), sum);
}

// [few]
// Q queries with two codes an element against positions [from, to). CACHED: the codes fit the L2 cache and are to stay there.
// FILTERED: there is a filter, and the codes of rows that it excludes are not read. In the loop without one that test costs 4 %.
template <int Q, bool CACHED, bool FILTERED>
__device__ void scanFew(const Shadow& shadow, u32 from, u32 to, const uint4* high, const uint4* low, const Bound& bound,
                        const QueryTerms* queries, const QueryFilter* filters, const Lists& lists) {
  extern __shared__ uint4 codes[];  // [Q][high, low][chunks]
  followOn();
  u32 chunks = shadow.stride / 16;
  for (u32 i = threadIdx.x; i < Q * chunks; i += blockDim.x) {
    u32 query = i / chunks;
    u32 chunk = i % chunks;
    codes[2 * query * chunks + chunk] = high[i];
    codes[(2 * query + 1) * chunks + chunk] = low[i];
  }
  __shared__ QueryFilter filter[Q];
  __shared__ float lowScales[Q];
  if (threadIdx.x < Q) {
    filter[threadIdx.x] = filters[threadIdx.x];
    lowScales[threadIdx.x] = queries[threadIdx.x].lowScale;
  }
  __syncthreads();
  u32 lane = threadIdx.x & 7;
  u32 group = (threadIdx.x & 31) >> 3;
  u32 warps = gridDim.x * (blockDim.x >> 5);
  for (u32 base = from + (blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5)) * ROWS_A_WARP; base < to;
       base += warps * ROWS_A_WARP) {
    u32 position = base + 4 * (lane >> 1) + group;
    bool wanted = FILTERED ? isWanted(shadow, position, to) : position < to;
    u32 mask = 0;  // bit 2 r: whether row r is to be read
    if constexpr (FILTERED) {
      mask = __ballot_sync(ALL_LANES, wanted);
      if (mask == 0) continue;
      mask >>= 8 * group;
    }
    const uint4* rows[ROWS_A_GROUP];
    for (int r = 0; r < ROWS_A_GROUP; r++) {
      u32 position = min(base + 4 * r + group, to - 1);
      rows[r] = reinterpret_cast<const uint4*>(shadow.codes + static_cast<u64>(position) * shadow.stride);
    }
    RowTerms row = shadow.terms[min(position, to - 1)];
    int sums[Q][8] = {};  // of row r: 2 r high, 2 r + 1 low
#pragma unroll 3
    for (u32 chunk = lane; chunk < chunks; chunk += 8) {
      uint4 x[ROWS_A_GROUP];
      for (int r = 0; r < ROWS_A_GROUP; r++) {
        if constexpr (FILTERED) {
          x[r] = mask >> 2 * r & 1 ? __ldg(rows[r] + chunk) : uint4{0, 0, 0, 0};
        } else {
          x[r] = CACHED ? __ldg(rows[r] + chunk) : __ldcs(rows[r] + chunk);
        }
      }
      for (int q = 0; q < Q; q++) {
        uint4 h = codes[2 * q * chunks + chunk];
        uint4 l = codes[(2 * q + 1) * chunks + chunk];
        for (int r = 0; r < ROWS_A_GROUP; r++) {
          sums[q][2 * r] = dot16(x[r], h, sums[q][2 * r]);
          sums[q][2 * r + 1] = dot16(x[r], l, sums[q][2 * r + 1]);
        }
      }
    }
    for (int q = 0; q < Q; q++) {
      int product = transposeSum(sums[q], lane);
      int lowProduct = __shfl_xor_sync(ALL_LANES, product, 1);
      if (lane & 1 || !wanted) continue;
      const QueryFilter& f = filter[q];
      float score = (product * f.scale + lowProduct * lowScales[q]) * row.scale + row.lift + f.weight * row.residual +
                    f.slack * row.reach;
      if (!(score < f.threshold)) {
        if (lists.direct) {
          place(shadow, bound, queries, lists, q, position, product, lowProduct, f.scale);
        } else {
          append(lists, q, position, product, lowProduct);
        }
      }
    }
  }
}
// [/few]

// ---- many queries: tensor cores, or what comes closest ----

constexpr int K_BYTES = 64;  // of a row, a stage

constexpr u32 QUEUE = 192;
using Queue = WarpQueue<QUEUE, 64>;

__device__ inline void multiply(int (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
#if __CUDA_ARCH__ >= 800
  asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
  const u32 b[2] = {b0, b1};
  for (int k = 0; k < 2; k++) {
    for (int half = 0; half < 2; half++) {
      asm("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0,%1}, {%2}, {%3}, {%0,%1};"
          : "+r"(c[2 * half]), "+r"(c[2 * half + 1])
          : "r"(a[2 * k + half]), "r"(b[k]));
    }
  }
#endif
}

__device__ inline void loadMatrices(u32 (&r)[4], u32 address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address));
}

// 16 bytes to shared memory, or zeros.
__device__ inline void copy16(u32 target, const void* source, bool there) {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(target), "l"(source), "r"(there ? 16 : 0));
#else
  uint4 value = there ? __ldg(static_cast<const uint4*>(source)) : uint4{0, 0, 0, 0};
  asm volatile("st.shared.v4.b32 [%0], {%1,%2,%3,%4};" ::"r"(target), "r"(value.x), "r"(value.y), "r"(value.z), "r"(value.w));
#endif
}

__device__ inline void commitCopies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;");
#endif
}

template <int PENDING>
__device__ inline void awaitCopies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(PENDING));
#endif
}

// Where 16 bytes of a row of a stage lie: rows of 64 bytes, swizzled so that eight rows of a matrix meet all banks.
__device__ inline u32 swizzled(u32 row, u32 chunk) { return row * K_BYTES + ((chunk ^ (row >> 1 & 3)) << 4); }

// [tile]
// A tile of ROWS rows by QUERIES queries a block, WARPS_R by WARPS_Q warps.
template <int ROWS, int QUERIES, int WARPS_R, int WARPS_Q, int STAGES>
__device__ void scanTile(const Shadow& shadow, u32 from, u32 to, const signed char* high, u32 count,
                         const QueryFilter* filters, const Lists& lists) {
  constexpr int THREADS = 32 * WARPS_R * WARPS_Q;
  constexpr int MI = ROWS / WARPS_R / 16;
  constexpr int NI = QUERIES / WARPS_Q / 8;
  static_assert(NI % 2 == 0, "matrices of queries are loaded in pairs");
  constexpr int STAGE = (ROWS + QUERIES) * K_BYTES;
  __shared__ Kept queues[WARPS_R * WARPS_Q][QUEUE];
  extern __shared__ uint4 memory[];
  u32 shared = static_cast<u32>(__cvta_generic_to_shared(memory));
  u32 tid = threadIdx.x;
  u32 lane = tid & 31;
  u32 warp = tid >> 5;
  u32 warpRow = warp / WARPS_Q * (16 * MI);
  u32 warpQuery = warp % WARPS_Q * (8 * NI);
  u32 queryTiles = (count + QUERIES - 1) / QUERIES;
  u32 firstRow = from + blockIdx.x / queryTiles * ROWS;
  u32 firstQuery = blockIdx.x % queryTiles * QUERIES;
  u32 stride = shadow.stride;
  u32 steps = (stride + K_BYTES - 1) / K_BYTES;

  auto load = [&](u32 step) {
    u32 target = shared + step % STAGES * STAGE;
    for (u32 i = tid; i < (ROWS + QUERIES) * 4; i += THREADS) {
      u32 row = i >> 2;
      u32 chunk = i & 3;
      u32 byte = step * K_BYTES + chunk * 16;
      bool isRow = row < ROWS;
      u32 number = isRow ? firstRow + row : firstQuery + row - ROWS;
      bool there = byte < stride && number < (isRow ? to : count);
      const signed char* source = isRow ? shadow.codes : high;
      copy16(target + swizzled(row, chunk), there ? source + static_cast<u64>(number) * stride + byte : source, there);
    }
  };

  int sums[MI][NI][4] = {};
  for (u32 step = 0; step < STAGES - 1; step++) {
    if (step < steps) load(step);
    commitCopies();
  }
  for (u32 step = 0; step < steps; step++) {
    awaitCopies<STAGES - 2>();
    __syncthreads();
    if (step + STAGES - 1 < steps) load(step + STAGES - 1);
    commitCopies();
    u32 stage = shared + step % STAGES * STAGE;
#pragma unroll
    for (u32 half = 0; half < 2; half++) {
      u32 a[MI][4];
      u32 b[NI / 2][4];
#pragma unroll
      for (int i = 0; i < MI; i++) {
        u32 row = warpRow + 16 * i + (lane & 15);
        loadMatrices(a[i], stage + swizzled(row, 2 * half + (lane >> 4)));
      }
#pragma unroll
      for (int i = 0; i < NI / 2; i++) {
        u32 row = ROWS + warpQuery + 16 * i + (lane & 7) + (lane >> 4 << 3);
        loadMatrices(b[i], stage + swizzled(row, 2 * half + (lane >> 3 & 1)));
      }
#pragma unroll
      for (int i = 0; i < MI; i++) {
#pragma unroll
        for (int j = 0; j < NI; j++) multiply(sums[i][j], a[i], b[j / 2][2 * (j & 1)], b[j / 2][2 * (j & 1) + 1]);
      }
    }
#if __CUDA_ARCH__ < 800
    __syncthreads();  // copies are not asynchronous there
#endif
  }
  awaitCopies<0>();

  RowTerms rows[MI][2];
  u32 wanted = 0;  // bit 2 i + half
#pragma unroll
  for (int i = 0; i < MI; i++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      u32 position = firstRow + warpRow + 16 * i + 8 * half + (lane >> 2);
      bool there = isWanted(shadow, position, to);
      rows[i][half] = there ? shadow.terms[position] : RowTerms{0, -infinity(), 0, 0};
      wanted |= there ? 1u << (2 * i + half) : 0;
    }
  }
  Queue queue{queues[warp], 0};
#pragma unroll
  for (int j = 0; j < NI; j++) {
#pragma unroll
    for (int odd = 0; odd < 2; odd++) {
      u32 query = firstQuery + warpQuery + 8 * j + 2 * (lane & 3) + odd;
      bool there = query < count;
      QueryFilter f = there ? filters[query] : QueryFilter{0, 0, 0, infinity()};
#pragma unroll
      for (int i = 0; i < MI; i++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
          const RowTerms& row = rows[i][half];
          u32 position = firstRow + warpRow + 16 * i + 8 * half + (lane >> 2);
          int product = sums[i][j][2 * half + odd];
          float score = product * f.scale * row.scale + row.lift + f.weight * row.residual + f.slack * row.reach;
          bool keep = !(score < f.threshold) && there && wanted >> (2 * i + half) & 1;
          if (__any_sync(ALL_LANES, keep)) queue.take(keep, position, query, product);
        }
        if (queue.isFull()) queue.flush(lists);
      }
    }
  }
  queue.flush(lists);
}
// [/tile]

}  // namespace

// Both kinds take the same arguments; with a filter, whether codes are cached makes no difference.
#define SCAN_FEW(Q)                                                                                                       \
  extern "C" __global__ void __launch_bounds__(512, Q < 4 ? 2 : 1)                                                        \
  kith_scan_##Q(Shadow shadow, u32 from, u32 to, const uint4* high, const uint4* low, Bound bound,                        \
                const QueryTerms* queries, const QueryFilter* filters, Lists lists, int cached) {                         \
    if (cached) {                                                                                                         \
      scanFew<Q, true, false>(shadow, from, to, high, low, bound, queries, filters, lists);                               \
    } else {                                                                                                              \
      scanFew<Q, false, false>(shadow, from, to, high, low, bound, queries, filters, lists);                              \
    }                                                                                                                     \
  }                                                                                                                       \
  extern "C" __global__ void __launch_bounds__(512)                                                                       \
  kith_scan_filtered_##Q(Shadow shadow, u32 from, u32 to, const uint4* high, const uint4* low, Bound bound,               \
                         const QueryTerms* queries, const QueryFilter* filters, Lists lists, int) {                       \
    scanFew<Q, true, true>(shadow, from, to, high, low, bound, queries, filters, lists);                                  \
  }

SCAN_FEW(1)
SCAN_FEW(2)
SCAN_FEW(4)

#define SCAN_TILE(NAME, ROWS, QUERIES, WARPS_R, WARPS_Q, STAGES)                                                          \
  extern "C" __global__ void __launch_bounds__(32 * WARPS_R * WARPS_Q)                                                   \
  kith_scan_tile_##NAME(Shadow shadow, u32 from, u32 to, const signed char* high, u32 count, const QueryFilter* filters, \
                        Lists lists) {                                                                                    \
    scanTile<ROWS, QUERIES, WARPS_R, WARPS_Q, STAGES>(shadow, from, to, high, count, filters, lists);                     \
  }

SCAN_TILE(16, 128, 16, 8, 1, 4)
SCAN_TILE(32, 128, 32, 4, 2, 4)
SCAN_TILE(64, 128, 64, 4, 2, 3)
SCAN_TILE(128, 128, 128, 4, 2, 3)
SCAN_TILE(256, 256, 128, 4, 2, 3)
