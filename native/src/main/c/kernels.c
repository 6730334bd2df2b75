// The list of all sets of loops, and what each asks of the processor.

#include "variants.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

static int32_t always(void) { return 1; }

#if defined(__x86_64__)

// __builtin_cpu_supports also asks whether the operating system keeps the registers.
static int32_t has_avx2(void) {
  unsigned a, b, c, d;  // clang 14's does not know F16C, which needs the registers of AVX2
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __get_cpuid(1, &a, &b, &c, &d) &&
         (c & bit_F16C) != 0;
}

static int32_t has_avx512_vnni(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

#elif defined(__aarch64__)

static int32_t has_dotprod(void) {
#if defined(__APPLE__)
  return 1;
#elif defined(__linux__)
  const unsigned long asimddp = 1ul << 20;  // HWCAP_ASIMDDP, which old headers lack
  return (getauxval(AT_HWCAP) & asimddp) != 0;
#else
  return 0;
#endif
}

#endif

#define PANEL(suffix) .panel_scan = kith_panel_scan_##suffix, .panel_tile = kith_panel_tile_##suffix
#define CODES(suffix) .codes8 = kith_codes8_##suffix, .codes4 = kith_codes4_##suffix
#define KEYS(suffix) .keys = kith_keys_##suffix
#define HALF(suffix)                                                                                \
  .f16_dots = kith_f16_dots_##suffix, .bf16_dots = kith_bf16_dots_##suffix,                         \
  .f16_picked = kith_f16_picked_##suffix, .bf16_picked = kith_bf16_picked_##suffix,                 \
  .f16_widen = kith_f16_widen_##suffix, .bf16_widen = kith_bf16_widen_##suffix,                     \
  .f16_narrow = kith_f16_narrow_##suffix, .bf16_narrow = kith_bf16_narrow_##suffix
#define TABLES(suffix)                                                                              \
  .table4_sums = kith_table4_sums_##suffix, .table8_sums = kith_table8_sums_##suffix,               \
  .table4_scan = kith_table4_scan_##suffix, .table8_scan = kith_table8_scan_##suffix

static const kith_kernels sets[] = {
#if defined(__x86_64__)
    {.name = "avx512-vnni", .supported = has_avx512_vnni, .tile_queries = KITH_TILE_AVX512_VNNI,
     PANEL(avx512_vnni), CODES(avx512_vnni), HALF(avx512), KEYS(avx512),
     TABLES(avx512)},
    {.name = "avx2", .supported = has_avx2, .tile_queries = KITH_TILE_AVX2, PANEL(avx2), CODES(avx2), HALF(avx2),
     KEYS(avx2), TABLES(avx2)},
#elif defined(__aarch64__)
    {.name = "neon-dotprod", .supported = has_dotprod, .tile_queries = KITH_TILE_NEON_DOTPROD,
     PANEL(neon_dotprod), CODES(neon_dotprod), HALF(neon), KEYS(neon), TABLES(neon)},
    {.name = "neon", .supported = always, .tile_queries = KITH_TILE_PORTABLE, PANEL(portable),
     CODES(portable), HALF(neon), KEYS(neon), TABLES(neon)},
#endif
    {.name = "portable", .supported = always, .tile_queries = KITH_TILE_PORTABLE, PANEL(portable),
     CODES(portable), HALF(portable), KEYS(portable), TABLES(portable)},
};

int32_t kith_abi(void) { return KITH_ABI; }

const kith_kernels *kith_kernels_at(int32_t i) {
  return i >= 0 && i < (int32_t)(sizeof sets / sizeof sets[0]) ? &sets[i] : 0;
}
