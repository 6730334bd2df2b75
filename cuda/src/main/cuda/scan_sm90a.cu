// The scan of a shadow for many queries on the tensor cores of compute capability 9.0: a warp that copies by the tensor memory
// accelerator, two warpgroups that multiply by wgmma, each every other tile: while one looks at its products, the other
// multiplies. The filter and the lists are those of scan.cu.
#include "queue.cuh"

namespace {

constexpr u32 ROWS = 128;     // of a tile
constexpr u32 QUERIES = 128;  // of a tile
constexpr u32 K_BYTES = 128;  // of a row, a stage
constexpr u32 STAGES = 5;
constexpr u32 STAGE = (ROWS + QUERIES) * K_BYTES;
constexpr u32 CONSUMERS = 2;

constexpr u32 QUEUE = 384;
using Queue = WarpQueue<QUEUE, 256>;

struct alignas(64) TensorMap {
  unsigned char opaque[128];
};

__device__ inline void initialise(u32 barrier, u32 arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals));
}

__device__ inline void await(u32 barrier, u32 parity) {
  asm volatile(
      "{\n"
      ".reg .pred done;\n"
      "again:\n"
      "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
      "@!done bra again;\n"
      "}" ::"r"(barrier), "r"(parity) : "memory");
}

__device__ inline void arrive(u32 barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

__device__ inline void expect(u32 barrier, u32 bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}

// A box of K_BYTES by so many rows as the map says, from (byte, row) on.
__device__ inline void copyBox(u32 target, const TensorMap& map, u32 byte, u32 row, u32 barrier) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];" ::"r"(target),
      "l"(&map), "r"(byte), "r"(row), "r"(barrier)
      : "memory");
}

// Rows of 128 bytes, swizzled in groups of eight.
__device__ inline u64 descriptor(u32 address) {
  return static_cast<u64>((address & 0x3ffff) >> 4) | 1ull << 16 | static_cast<u64>(8 * K_BYTES >> 4) << 32 | 1ull << 62;
}

// 64 rows times 128 queries, 32 bytes deep; the first product of a tile forgets what was there.
__device__ inline void multiply(int (&d)[64], u64 rows, u64 queries, int add) {
  asm volatile(
      "{\n"
      ".reg .pred add;\n"
      "setp.ne.b32 add, %66, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n128k32.s32.s8.s8 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15,"
      " %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31,"
      " %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47,"
      " %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
      "%64, %65, add;\n"
      "}"
      : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3]), "+r"(d[4]), "+r"(d[5]), "+r"(d[6]), "+r"(d[7]),
        "+r"(d[8]), "+r"(d[9]), "+r"(d[10]), "+r"(d[11]), "+r"(d[12]), "+r"(d[13]), "+r"(d[14]), "+r"(d[15]),
        "+r"(d[16]), "+r"(d[17]), "+r"(d[18]), "+r"(d[19]), "+r"(d[20]), "+r"(d[21]), "+r"(d[22]), "+r"(d[23]),
        "+r"(d[24]), "+r"(d[25]), "+r"(d[26]), "+r"(d[27]), "+r"(d[28]), "+r"(d[29]), "+r"(d[30]), "+r"(d[31]),
        "+r"(d[32]), "+r"(d[33]), "+r"(d[34]), "+r"(d[35]), "+r"(d[36]), "+r"(d[37]), "+r"(d[38]), "+r"(d[39]),
        "+r"(d[40]), "+r"(d[41]), "+r"(d[42]), "+r"(d[43]), "+r"(d[44]), "+r"(d[45]), "+r"(d[46]), "+r"(d[47]),
        "+r"(d[48]), "+r"(d[49]), "+r"(d[50]), "+r"(d[51]), "+r"(d[52]), "+r"(d[53]), "+r"(d[54]), "+r"(d[55]),
        "+r"(d[56]), "+r"(d[57]), "+r"(d[58]), "+r"(d[59]), "+r"(d[60]), "+r"(d[61]), "+r"(d[62]), "+r"(d[63])
      : "l"(rows), "l"(queries), "r"(add));
}

// Nothing reads the sums before this: to the compiler they are written here, after the wait, not where wgmma was issued.
__device__ inline void settle(int (&d)[64]) {
#pragma unroll
  for (int i = 0; i < 64; i++) asm volatile("" : "+r"(d[i])::"memory");
}

}  // namespace

// [wgmma]
extern "C" __global__ void __launch_bounds__(128 * (CONSUMERS + 1), 1)
kith_scan_wgmma(const __grid_constant__ TensorMap rowMap, const __grid_constant__ TensorMap queryMap, Shadow shadow, u32 from,
                u32 to, u32 count, const QueryFilter* filters, Lists lists) {
  __shared__ Kept queues[4 * CONSUMERS][QUEUE];
  __shared__ QueryFilter tileFilters[CONSUMERS][QUERIES];
  extern __shared__ unsigned char memory[];
  u32 stages = (static_cast<u32>(__cvta_generic_to_shared(memory)) + 1023) & ~1023u;
  u32 full = stages + STAGES * STAGE;
  u32 empty = full + 8 * STAGES;
  u32 order = empty + 8 * STAGES;  // whose turn it is to multiply
  if (threadIdx.x == 0) {
    for (u32 s = 0; s < STAGES; s++) {
      initialise(full + 8 * s, 1);
      initialise(empty + 8 * s, 1);
    }
    for (u32 c = 0; c < CONSUMERS; c++) initialise(order + 8 * c, 1);
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  }
  __syncthreads();
  u32 group = threadIdx.x >> 7;
  u32 steps = (shadow.stride + K_BYTES - 1) / K_BYTES;
  u32 queryTiles = (count + QUERIES - 1) / QUERIES;
  u32 tiles = (to - from + ROWS - 1) / ROWS * queryTiles;
  u32 turn = 0;  // stages passed, over all tiles

  if (group == CONSUMERS) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
    if (threadIdx.x == 128 * CONSUMERS) {
      for (u32 tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
        u32 firstRow = from + tile / queryTiles * ROWS;
        u32 firstQuery = tile % queryTiles * QUERIES;
        for (u32 step = 0; step < steps; step++, turn++) {
          u32 s = turn % STAGES;
          await(empty + 8 * s, (turn / STAGES & 1) ^ 1);  // the first round finds all empty
          expect(full + 8 * s, STAGE);
          copyBox(stages + s * STAGE, rowMap, step * K_BYTES, firstRow, full + 8 * s);
          copyBox(stages + s * STAGE + ROWS * K_BYTES, queryMap, step * K_BYTES, firstQuery, full + 8 * s);
        }
      }
    }
    return;
  }

  asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
  u32 lane = threadIdx.x & 31;
  bool speaks = (threadIdx.x & 127) == 0;
  u32 line = 16 * (threadIdx.x >> 5 & 3) + (lane >> 2);  // of the tile; also 8, 64 and 72 below
  Queue queue{queues[threadIdx.x >> 5], 0};
  QueryFilter* own = tileFilters[group];
  u32 number = 0;
  for (u32 tile = blockIdx.x; tile < tiles; tile += gridDim.x, number++) {
    if (number % CONSUMERS != group) {
      turn += steps;
      continue;
    }
    u32 firstRow = from + tile / queryTiles * ROWS;
    u32 firstQuery = tile % queryTiles * QUERIES;
    // What it will need of rows and queries comes while it multiplies.
    RowTerms rows[4];
    u32 wanted = 0;  // a bit for each of two queries and four rows
#pragma unroll
    for (u32 r = 0; r < 4; r++) {
      u32 position = firstRow + line + 8 * (r & 1) + 64 * (r >> 1);
      bool there = isWanted(shadow, position, to);
      rows[r] = there ? shadow.terms[position] : RowTerms{0, -infinity(), 0, 0};
      wanted |= there ? 0x11u << r : 0;
    }
    // No warp still reads the filters of the tile before.
    asm volatile("bar.sync %0, 128;" ::"r"(1 + group) : "memory");
    u32 query = firstQuery + (threadIdx.x & 127);
    own[threadIdx.x & 127] = query < count ? filters[query] : QueryFilter{0, 0, 0, infinity()};
    int sums[2][64];
    // The other has seen all its stages full: from here on a stage's parity tells this tile's from the one before.
    if (number > 0) await(order + 8 * group, (number - 1) / CONSUMERS & 1);
    for (u32 step = 0; step < steps; step++, turn++) {
      u32 s = turn % STAGES;
      await(full + 8 * s, turn / STAGES & 1);
      u64 a = descriptor(stages + s * STAGE);
      u64 b = descriptor(stages + s * STAGE + ROWS * K_BYTES);
      asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
      for (u32 k = 0; k < K_BYTES / 32; k++) {
        multiply(sums[0], a + 2 * k, b + 2 * k, step + k > 0);
        multiply(sums[1], a + 2 * k + (64 * K_BYTES >> 4), b + 2 * k, step + k > 0);
      }
      asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
      if (step > 0) {
        asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory");
        if (speaks) arrive(empty + 8 * ((turn - 1) % STAGES));
      }
    }
    if (speaks) arrive(order + 8 * (CONSUMERS - 1 - group));
    asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
    settle(sums[0]);
    settle(sums[1]);
    if (speaks) arrive(empty + 8 * ((turn - 1) % STAGES));
    asm volatile("bar.sync %0, 128;" ::"r"(1 + group) : "memory");

#pragma unroll
    for (u32 j = 0; j < 16; j++) {
      u32 keep = 0;  // bits as in `wanted`
#pragma unroll
      for (u32 odd = 0; odd < 2; odd++) {
        QueryFilter f = own[8 * j + 2 * (lane & 3) + odd];
#pragma unroll
        for (u32 r = 0; r < 4; r++) {
          int product = sums[r >> 1][4 * j + 2 * (r & 1) + odd];
          float score = product * f.scale * rows[r].scale + rows[r].lift + f.weight * rows[r].residual + f.slack * rows[r].reach;
          keep |= score < f.threshold ? 0 : 1u << (4 * odd + r);
        }
      }
      keep &= wanted;
      if (__any_sync(ALL_LANES, keep)) {
#pragma unroll
        for (u32 e = 0; e < 8; e++) {
          u32 query = firstQuery + 8 * j + 2 * (lane & 3) + (e >> 2);
          u32 position = firstRow + line + 8 * (e & 1) + 64 * (e >> 1 & 1);
          queue.take(keep >> e & 1 && query < count, position, query, sums[e >> 1 & 1][4 * j + 2 * (e & 1) + (e >> 2)]);
        }
        if (queue.isFull()) queue.flush(lists);
      }
    }
  }
  queue.flush(lists);
}
// [/wgmma]
