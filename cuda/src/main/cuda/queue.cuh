// What loops over tiles keep, until there is time to add it to the lists.
#pragma once

#include "kith.cuh"

// A product that the filter kept.
struct Kept {
  u32 position;
  u32 query;
  int product;
};

// One warp's: `PLACES` of them, in shared memory. Full once `AHEAD` more may find no place.
template <u32 PLACES, u32 AHEAD>
struct WarpQueue {
  Kept* entries;
  u32 size;  // the same in all lanes

  // Takes the product of every lane whose `keep` is set; all lanes call it.
  __device__ inline void take(bool keep, u32 position, u32 query, int product) {
    u32 mask = __ballot_sync(ALL_LANES, keep);
    if (keep) entries[size + __popc(mask & ((1u << (threadIdx.x & 31)) - 1))] = {position, query, product};
    size += __popc(mask);
  }

  __device__ inline bool isFull() const { return size > PLACES - AHEAD; }

  // Not inlined: there are many places that may call it, and few calls.
  __device__ __noinline__ void flush(const Lists& lists) {
    __syncwarp();
#pragma unroll 4
    for (u32 i = threadIdx.x & 31; i < size; i += 32) {
      Kept kept = entries[i];
      append(lists, kept.query, kept.position, kept.product, 0);
    }
    __syncwarp();
    size = 0;
  }
};
