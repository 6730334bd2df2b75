// What the loops over tiles keep, until there is time to add it to the lists.
#pragma once

#include "kith.cuh"

constexpr u32 QUEUE = 384;  // places a warp

// A product of a tile's row and query.
struct Kept {
  u32 place;  // row and query of the tile, 16 bits each
  int product;
};

// One warp's; `size` is the same in all its lanes.
struct WarpQueue {
  Kept* entries;
  u32 size;

  // Takes the product of every lane whose `keep` is set; all lanes call it.
  __device__ inline void take(bool keep, u32 row, u32 query, int product) {
    u32 mask = __ballot_sync(ALL_LANES, keep);
    if (keep) entries[size + __popc(mask & ((1u << (threadIdx.x & 31)) - 1))] = {row << 16 | query, product};
    size += __popc(mask);
  }

  // Whether eight more products a lane may find no place.
  __device__ inline bool isFull() const { return size > QUEUE - 256; }

  // Not inlined: there are many places that may call it, and few calls.
  __device__ __noinline__ void flush(const Shadow& shadow, const Lists& lists, u32 firstRow, u32 firstQuery) {
    __syncwarp();
    for (u32 i = threadIdx.x & 31; i < size; i += 32) {
      Kept kept = entries[i];
      append(shadow, lists, firstQuery + (kept.place & 0xffff), firstRow + (kept.place >> 16), kept.product, 0);
    }
    __syncwarp();
    size = 0;
  }
};
