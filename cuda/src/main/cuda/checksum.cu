// A checksum of device memory: what was copied is what is there.
//
//   sum over i of t ^ (t >> 32), where t = i * 0x9E3779B97F4A7C15 + words[i] * 0xBF58476D1CE4E5B9   mod 2^64
//
// Terms may be added in any order, and each depends on its place: swaps, shifts and missing zeros show.

// kith_checksum: adds the checksum of words to *out.
// Map:     the grid strides over the words, neighbours by neighbouring threads.
// Memory:  reads each word once, coalesced; 32 sums of shared memory; one atomicAdd a block.
// Needs:   blockDim.x % 32 == 0, so that all lanes of a warp take part in its shuffles; *out set before.
// Oracle:  Checksum.java, exactly.
extern "C" __global__ void kith_checksum(
    const unsigned* __restrict__ words,  // [count]
    unsigned long long count,
    unsigned long long* __restrict__ out) {
  __shared__ unsigned long long warps[32];
  const unsigned long long step = (unsigned long long)gridDim.x * blockDim.x;
  unsigned long long sum = 0;
#pragma unroll 4
  for (unsigned long long i = (unsigned long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) {
    const unsigned long long t = i * 0x9E3779B97F4A7C15ull + words[i] * 0xBF58476D1CE4E5B9ull;
    sum += t ^ (t >> 32);
  }

  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  for (int other = 16; other > 0; other /= 2) sum += __shfl_down_sync(~0u, sum, other);
  if (lane == 0) warps[warp] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (unsigned w = 1; w < blockDim.x / 32; w++) sum += warps[w];
    atomicAdd(out, sum);
  }
}
