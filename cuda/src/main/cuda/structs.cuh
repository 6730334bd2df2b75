// Structs that Java fills or reads, and what this compiler made of their layouts. Plain C as well as CUDA: the stand-in of the
// driver in the tests includes it too, so that cc says the same without a GPU.
#pragma once

typedef unsigned int u32;
typedef unsigned long long u64;

// What the loops need of a query to drop rows; docs/exactness.md, section 4, "The filter in the loop".
typedef struct QueryFilter {
  float scale;
  float weight;
  float slack;
  float threshold;
} QueryFilter;

// What turns a product into an interval, same section.
typedef struct QueryTerms {
  double squaredNorm;
  double norm;
  double codedNorm;
  double missed;
  double offset;
  float lowScale;
  float limit;  // no row whose key is above it is asked for
  int state;  // a QueryState
} QueryTerms;

typedef struct RowTerms {
  float scale;
  float lift;
  float residual;
  float reach;
} RowTerms;

// Of a shadow: the metric, the centre's norm (0 for L2) and sigma = (8 d + 128) 2^-53.
typedef struct Bound {
  double centreNorm;
  double sigma;
  int metric;
} Bound;

// The rows that are not excluded yet, `capacity` places a query; counts may pass it: then the query gave up. Places from
// `valued` on are as the loops left them, with products instead of bounds.
typedef struct Lists {
  u32* rows;  // positions of a shadow, until keys are computed
  union {
    float* lowers;
    int* products;
  };
  union {
    float* uppers;
    int* lowProducts;
  };
  double* keys;
  u32* counts;
  u32* valued;
  u32 capacity;
  u32 direct;  // whether every position is kept, at its own place: the first chunk, without a filter
} Lists;

// What a search says of each query.
typedef struct Outcome {
  u32 found;       // rows of the answer
  u32 candidates;  // keys computed
  u32 gaveUp;      // a GaveUp: another way must answer it
  u32 broken;      // a Broken
} Outcome;

// Rows as codes, in scattered order.
typedef struct Shadow {
  const signed char* codes;  // [n][stride]
  const RowTerms* terms;     // [n]
  const double* bases;       // [n]
  const u32* filter;         // a bit a position, or null
  u32 n;
  u32 scatter;
  int stride;  // bytes a row, a multiple of 16
} Shadow;

// Every struct above as STRUCT(name), followed by its fields as FIELD(struct, name); dev.kith.cuda.kernels.Structs has them too.
#define KITH_STRUCTS(STRUCT, FIELD)                                                                                      \
  STRUCT(QueryFilter)                                                                                                    \
  FIELD(QueryFilter, scale) FIELD(QueryFilter, weight) FIELD(QueryFilter, slack) FIELD(QueryFilter, threshold)           \
  STRUCT(QueryTerms)                                                                                                     \
  FIELD(QueryTerms, squaredNorm) FIELD(QueryTerms, norm) FIELD(QueryTerms, codedNorm) FIELD(QueryTerms, missed)          \
  FIELD(QueryTerms, offset) FIELD(QueryTerms, lowScale) FIELD(QueryTerms, limit) \
  FIELD(QueryTerms, state)                                         \
  STRUCT(RowTerms)                                                                                                       \
  FIELD(RowTerms, scale) FIELD(RowTerms, lift) FIELD(RowTerms, residual) FIELD(RowTerms, reach)                          \
  STRUCT(Bound)                                                                                                          \
  FIELD(Bound, centreNorm) FIELD(Bound, sigma) FIELD(Bound, metric)                                                      \
  STRUCT(Lists)                                                                                                          \
  FIELD(Lists, rows) FIELD(Lists, lowers) FIELD(Lists, uppers) FIELD(Lists, keys) FIELD(Lists, counts)                   \
  FIELD(Lists, valued) FIELD(Lists, capacity) FIELD(Lists, direct)                                                       \
  STRUCT(Outcome)                                                                                                        \
  FIELD(Outcome, found) FIELD(Outcome, candidates) FIELD(Outcome, gaveUp) FIELD(Outcome, broken)                         \
  STRUCT(Shadow)                                                                                                         \
  FIELD(Shadow, codes) FIELD(Shadow, terms) FIELD(Shadow, bases) FIELD(Shadow, filter) FIELD(Shadow, n)                  \
  FIELD(Shadow, scatter) FIELD(Shadow, stride)

#ifdef __CUDACC__
// FNV-1a, so that a layout is compared by the names of its fields.
__device__ constexpr u32 nameHash(const char* name) {
  u32 hash = 2166136261u;
  while (*name) hash = (hash ^ static_cast<unsigned char>(*name++)) * 16777619u;
  return hash;
}

// kith_structs: the layouts of this image, for Java to compare with its own.
// Map:     one thread.
// Writes:  the number of entries, then three words each: the name's hash ("Shadow", "Shadow.codes"), its offset, its bytes.
extern "C" __global__ void kith_structs(u32* out) {
  u32 entries = 0;
  auto entry = [&](u32 hash, u64 offset, u32 bytes) {
    u32* at = out + 1 + 3 * entries++;
    at[0] = hash;
    at[1] = static_cast<u32>(offset);
    at[2] = bytes;
  };
#define KITH_STRUCT(S)                                 \
  {                                                    \
    constexpr u32 hash = nameHash(#S);                 \
    entry(hash, 0, static_cast<u32>(sizeof(S)));       \
  }
#define KITH_FIELD(S, F)                                                                                  \
  {                                                                                                       \
    constexpr u32 hash = nameHash(#S "." #F);                                                             \
    entry(hash, reinterpret_cast<u64>(&static_cast<S*>(nullptr)->F), static_cast<u32>(sizeof(S::F)));     \
  }
  KITH_STRUCTS(KITH_STRUCT, KITH_FIELD)
#undef KITH_STRUCT
#undef KITH_FIELD
  *out = entries;
}
#endif
