// Names of the versions of each loop, between the files that define them and kernels.c, which lists them.

#ifndef KITH_VARIANTS_H
#define KITH_VARIANTS_H

#include "kith.h"

enum { KITH_TILE_PORTABLE = 1, KITH_TILE_AVX2 = 4, KITH_TILE_AVX512_VNNI = 12, KITH_TILE_NEON_DOTPROD = 6 };

#define KITH_PANEL(suffix)                       \
  kith_panel_scan_fn kith_panel_scan_##suffix;   \
  kith_panel_tile_fn kith_panel_tile_##suffix;
#define KITH_CODES(suffix)                       \
  kith_codes_fn kith_codes8_##suffix;            \
  kith_codes_fn kith_codes4_##suffix;
#define KITH_KEYS(suffix) kith_keys_fn kith_keys_##suffix;
#define KITH_HALF(suffix)                        \
  kith_half_dots_fn kith_f16_dots_##suffix;      \
  kith_half_dots_fn kith_bf16_dots_##suffix;     \
  kith_half_picked_fn kith_f16_picked_##suffix;  \
  kith_half_picked_fn kith_bf16_picked_##suffix; \
  kith_widen_fn kith_f16_widen_##suffix;         \
  kith_widen_fn kith_bf16_widen_##suffix;        \
  kith_narrow_fn kith_f16_narrow_##suffix;       \
  kith_narrow_fn kith_bf16_narrow_##suffix;
#define KITH_TABLE(suffix)                       \
  kith_table_sums_fn kith_table4_sums_##suffix;  \
  kith_table_sums_fn kith_table8_sums_##suffix;  \
  kith_table_scan_fn kith_table4_scan_##suffix;  \
  kith_table_scan_fn kith_table8_scan_##suffix;

KITH_PANEL(portable)
KITH_CODES(portable)
KITH_HALF(portable)
KITH_KEYS(portable)
KITH_TABLE(portable)
#if defined(__x86_64__)
KITH_PANEL(avx2)
KITH_CODES(avx2)
KITH_PANEL(avx512_vnni)
KITH_CODES(avx512_vnni)
KITH_HALF(avx2)
KITH_HALF(avx512)
KITH_KEYS(avx2)
KITH_KEYS(avx512)
KITH_TABLE(avx2)
KITH_TABLE(avx512)
#elif defined(__aarch64__)
KITH_PANEL(neon_dotprod)
KITH_CODES(neon_dotprod)
KITH_HALF(neon)
KITH_KEYS(neon)
KITH_TABLE(neon)
#endif

#endif
