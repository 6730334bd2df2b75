// Rows and queries as int8 codes with what these miss: docs/exactness.md, section 4.
#include "kith.cuh"

namespace {

constexpr double LOOSE = 0x1p-20;
constexpr float SCALE_MIN = 0x1p-60f;
constexpr float SCALE_MAX = 0x1p44f;
constexpr int LIMIT = 127;
constexpr u32 HELD = 4;  // elements of a query that a thread keeps in registers

__device__ inline int code(double v, double factor) {
  double c = rint(v * factor);
  return static_cast<int>(fmin(fmax(c, -1.0 * LIMIT), 1.0 * LIMIT));
}

// One warp a row.
template <int TYPE>
__device__ void encodeRows(const void* rows, u32 n, u32 d, const float* centre, double centreNorm, int metric, u32 scatter,
                           signed char* codes, u32 stride, RowTerms* terms, double* bases) {
  u32 lane = threadIdx.x & 31;
  u32 warps = gridDim.x * (blockDim.x >> 5);
  for (u32 position = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5); position < n; position += warps) {
    u32 number = rowAt(position, scatter, n);
    u64 start = static_cast<u64>(number) * d;
    double squares = 0;
    double centred = 0;
    bool broken = false;
    for (u32 i = lane; i < d; i += 32) {
      double x = element<TYPE>(rows, start + i);
      broken |= !isFinite(x);
      squares += x * x;
      centred += centre[i] * x;
    }
    squares = warpSum(squares);
    centred = warpSum(centred);
    broken = __any_sync(ALL_LANES, broken);
    double length = metric == COSINE && squares > 0 ? sqrt(squares) : 1;
    double inverse = 1 / length;
    double most = 0;
    for (u32 i = lane; i < d; i += 32) {
      double v = metric == COSINE ? element<TYPE>(rows, start + i) * inverse - centre[i] : element<TYPE>(rows, start + i) - centre[i];
      most = fmax(most, fabs(v));
    }
    most = warpMax(most);
    double step = most / LIMIT;
    double factor = step > 0 ? 1 / step : 0;
    double product = 0;
    int codeSquares = 0;
    for (u32 i = lane; i < d; i += 32) {
      double v = element<TYPE>(rows, start + i) * inverse - centre[i];
      int c = code(v, factor);
      product += v * c;
      codeSquares += c * c;
    }
    product = warpSum(product);
    codeSquares = warpSum(codeSquares);
    float scale = codeSquares == 0 ? 0 : __double2float_rn(product / codeSquares);
    // What is stored is what is measured, here: a loop of its own may round v otherwise, and so code it otherwise.
    codeSquares = 0;
    double norm = 0;
    double missed = 0;
    int* out = reinterpret_cast<int*>(codes + static_cast<u64>(position) * stride);
    for (u32 group = lane; group < stride / 4; group += 32) {
      int packed = 0;
      for (u32 i = 4 * group; i < 4 * group + 4; i++) {
        if (i < d) {
          double v = element<TYPE>(rows, start + i) * inverse - centre[i];
          int c = code(v, factor);
          double error = v - static_cast<double>(scale) * c;
          missed += error * error;
          norm += v * v;
          codeSquares += c * c;
          packed |= (c & 0xff) << (8 * (i & 3));
        }
      }
      out[group] = packed;
    }
    norm = warpSum(norm);
    missed = warpSum(missed);
    codeSquares = warpSum(codeSquares);
    if (lane > 0) continue;
    double inexact = (d + 16.0) * 0x1p-53;
    double base = metric == L2 ? norm : metric == DOT ? centred : squares == 0 ? 0 : centred / sqrt(squares);
    norm = normUp(sqrt(norm));
    RowTerms row;
    row.scale = scale;
    row.residual = floatUp(normUp(sqrt(missed)) + inexact * (norm + centreNorm));
    row.reach = floatUp(normUp(scale * sqrt(static_cast<double>(codeSquares))) + row.residual);
    bool zero = !(most > 0);
    if (zero && metric != COSINE) row.residual = row.reach = 0;  // v is exactly zero
    if (!broken && (zero || (scale >= SCALE_MIN && scale <= SCALE_MAX)) && row.residual < infinity()) {
      double raised = metric == L2 ? -0.5 * base : base;
      row.lift = floatUp(raised + LOOSE * fabs(raised));
    } else {
      row.scale = 0;
      row.lift = row.residual = row.reach = infinity();
    }
    terms[position] = row;
    bases[position] = base;
  }
}

}  // namespace

// Codes n rows in scattered order. A row that is not finite has no bound: it stays a candidate, and its key tells.
extern "C" __global__ void __launch_bounds__(256)
kith_encode_rows(const void* rows, u32 n, u32 d, int type, const float* centre, double centreNorm, int metric, u32 scatter,
                 signed char* codes, u32 stride, RowTerms* terms, double* bases) {
  switch (type) {
    case FLOAT32: encodeRows<FLOAT32>(rows, n, d, centre, centreNorm, metric, scatter, codes, stride, terms, bases); break;
    case FLOAT16: encodeRows<FLOAT16>(rows, n, d, centre, centreNorm, metric, scatter, codes, stride, terms, bases); break;
    case BFLOAT16: encodeRows<BFLOAT16>(rows, n, d, centre, centreNorm, metric, scatter, codes, stride, terms, bases); break;
    case INT8: encodeRows<INT8>(rows, n, d, centre, centreNorm, metric, scatter, codes, stride, terms, bases); break;
    default: encodeRows<UINT8>(rows, n, d, centre, centreNorm, metric, scatter, codes, stride, terms, bases);
  }
}

// Codes queries, one block each; their lists begin with `count` rows that are to come. `given` and `limits` may be the host's
// memory; `kept` receives a copy of the queries. `limits`, if not null, are keys above which no row is asked for. `low`, if not
// null, receives second codes.
extern "C" __global__ void __launch_bounds__(256)
kith_encode_queries(const float* given, const double* limits, float* kept, u32 d, const float* centre, Bound bound, signed char* high, signed char* low,
                    u32 stride, QueryFilter* filters, QueryTerms* terms, Lists lists, u32 count, u32* done, Outcome* outcomes) {
  followOn();
  u32 query = blockIdx.x;
  __shared__ double scratch[4 * 32];
  const float* x = given + static_cast<u64>(query) * d;
  float* copy = kept + static_cast<u64>(query) * d;
  // The first elements of each thread stay in registers; each reads what it wrote itself.
  float held[HELD];
  float centreHeld[HELD];
#pragma unroll
  for (u32 h = 0; h < HELD; h++) {
    u32 i = h * blockDim.x + threadIdx.x;
    held[h] = i < d ? x[i] : 0;
    centreHeld[h] = i < d ? centre[i] : 0;
  }
  auto each = [&](auto f) {
#pragma unroll
    for (u32 h = 0; h < HELD; h++) {
      u32 i = h * blockDim.x + threadIdx.x;
      if (i < stride) f(i, held[h], centreHeld[h]);
    }
    for (u32 i = HELD * blockDim.x + threadIdx.x; i < stride; i += blockDim.x) {
      f(i, i < d ? copy[i] : 0, i < d ? centre[i] : 0);
    }
  };
#pragma unroll
  for (u32 h = 0; h < HELD; h++) {
    u32 i = h * blockDim.x + threadIdx.x;
    if (i < d) copy[i] = held[h];
  }
  for (u32 i = HELD * blockDim.x + threadIdx.x; i < d; i += blockDim.x) copy[i] = x[i];
  double squares[1] = {0};
  bool broken = false;
  each([&](u32, float e, float) {
    broken |= !isFinite(e);
    squares[0] += static_cast<double>(e) * e;
  });
  broken = __syncthreads_or(broken);
  if (bound.metric == COSINE) blockReduce<false>(squares, scratch);
  double inverse = bound.metric == COSINE && squares[0] > 0 ? 1 / sqrt(squares[0]) : 1;
  double most[1] = {0};
  each([&](u32, float e, float c) { most[0] = fmax(most[0], fabs(e * inverse - c)); });
  blockReduce<true>(most, scratch);
  float scale = __double2float_rn(most[0] / LIMIT);
  double factor = scale > 0 ? 1 / static_cast<double>(scale) : 0;
  float lowScale = low ? scale / (2 * LIMIT) : 0;
  double lowFactor = lowScale > 0 ? 1 / static_cast<double>(lowScale) : 0;
  double sums[4] = {};  // squared norm, offset, square of what the codes stand for, of what they miss
  each([&](u32 i, float e, float centreElement) {
    double v = e * inverse - centreElement;
    int c = code(v, factor);
    int l = 0;
    double stands = static_cast<double>(scale) * c;
    if (low) {
      l = code(v - stands, lowFactor);
      stands += static_cast<double>(lowScale) * l;
    }
    double error = v - stands;
    sums[0] += v * v;
    sums[1] += centreElement * v;
    sums[2] += stands * stands;
    sums[3] += error * error;
    high[static_cast<u64>(query) * stride + i] = static_cast<signed char>(c);
    if (low) low[static_cast<u64>(query) * stride + i] = static_cast<signed char>(l);
  });
  blockReduce<false>(sums, scratch);
  if (threadIdx.x > 0) return;
  double inexact = (d + 16.0) * 0x1p-53;
  bool trusted = (!(most[0] > 0) || (scale >= SCALE_MIN && scale <= SCALE_MAX)) && !(bound.metric == COSINE && squares[0] == 0);
  QueryTerms q;
  q.squaredNorm = sums[0];
  q.norm = normUp(sqrt(sums[0]));
  q.codedNorm = normUp(sqrt(sums[2]));
  q.missed = normUp(sqrt(sums[3])) + inexact * (q.norm + q.codedNorm + bound.centreNorm);
  q.offset = bound.metric == L2 ? 0 : sums[1];
  q.lowScale = lowScale;
  q.limit = limits ? __double2float_ru(limits[query]) : infinity();
  q.state = broken ? NOT_FINITE : trusted ? BOUNDED : UNBOUNDED;
  terms[query] = q;
  double loose = q.missed + 2 * LOOSE * q.codedNorm + bound.sigma * (q.norm + 2 * bound.centreNorm);
  // What has no bound gives up before it begins: the loops keep nothing for it.
  bool bounded = q.state == BOUNDED;
  filters[query] = {scale, floatUp(q.codedNorm * (1 + LOOSE)), floatUp(loose * (1 + LOOSE)),
                    bounded ? thresholdOf(q, bound, q.limit) : infinity()};
  lists.counts[query] = bounded ? count : COUNT_OF_NO_BOUND;
  lists.valued[query] = low ? count : 0;  // few queries' first chunk comes with bounds
  done[query] = 0;
  outcomes[query] = {0, 0, 0, static_cast<u32>(broken ? QUERY_NOT_FINITE : WHOLE)};
}
