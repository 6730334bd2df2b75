package dev.kith.lab.ladder;

import dev.kith.core.backend.Backends;
import dev.kith.core.vector.VectorSource;
import dev.kith.lab.measure.MachineRates;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The rungs of the CPU, from the loop that one writes first to Kith's fastest search. */
final class CpuRungs implements RungProvider {
  private static final String SIMD_KERNEL =
      "core/src/main/java/dev/kith/core/kernel/SimdKernel.java";
  private static final String C_KERNELS = "native/src/main/c/";
  private static final Pattern CHOSEN = Pattern.compile("C kernels (\\S+) for shadows.*");

  /**
   * By the name of an instruction set, the file of its loops, and the loops over one query and
   * many.
   */
  private static final Map<String, List<String>> C_SOURCES =
      Map.of(
          "avx512-vnni",
              List.of(
                  "panel_avx512_vnni.c",
                  "INLINE int32_t scan(",
                  "TARGET int32_t kith_panel_tile_avx512_vnni("),
          "avx2",
              List.of(
                  "panel_avx2.c", "INLINE int32_t scan(", "TARGET int32_t kith_panel_tile_avx2("),
          "neon-dotprod",
              List.of(
                  "panel_neon.c",
                  "INLINE int32_t scan(",
                  "TARGET int32_t kith_panel_tile_neon_dotprod("),
          "neon",
              List.of(
                  "panel_portable.c",
                  "int32_t kith_panel_scan_portable(",
                  "int32_t kith_panel_tile_portable("),
          "portable",
              List.of(
                  "panel_portable.c",
                  "int32_t kith_panel_scan_portable(",
                  "int32_t kith_panel_tile_portable("));

  @Override
  public String device() {
    return "cpu";
  }

  @Override
  public @Nullable String unavailable() {
    return null;
  }

  @Override
  public boolean onCpu() {
    return true;
  }

  @Override
  public List<Rung> rungs() {
    return List.of(
        new ScalarRung(),
        new ColumnsRung(),
        new IndexRung(
            "vector-api",
            "flat",
            "simd",
            false,
            1,
            "SIMD said outright, with Java's Vector API, on the rows as they lie: no second copy."
                + " Four rows at a time, so that each part of the query is loaded once for four"
                + " rows, and four sums are under way while memory delivers four streams. Inner"
                + " products instead of gaps: distances follow from them. This is Kith's backend"
                + " simd; a float32 bound excludes rows, and the rest are scored in float64, so"
                + " the answer is proved. Now memory is the limit: every row is read for one"
                + " query.",
            () -> SourceCode.function(SIMD_KERNEL, "private static void four(")),
        new IndexRung(
            "blocked",
            "flat",
            "simd",
            true,
            1,
            "Many queries, one pass. A block of rows that fits the cache meets all queries before"
                + " the next block comes, and inside it a tile of 12 queries and 2 vectors of rows"
                + " keeps its sums in registers: a row that was loaded once is used twelve times."
                + " The bytes a query shrink to almost nothing, and arithmetic is the limit.",
            () -> SourceCode.function(SIMD_KERNEL, "public void tile(")),
        new IndexRung(
            "native-int8",
            "flat(shadow=int8)",
            "native",
            false,
            1,
            "A quarter of the bytes, and still exact. Each row has a copy of one byte an element"
                + " and a proved bound of what that copy lost. The scan in C multiplies bytes,"
                + " four products an instruction and lane, and excludes all rows that the bound"
                + " excludes for certain; some dozens are left, and their float64 scores decide.",
            () -> cKernel(false)),
        new IndexRung(
            "native-int8-blocked",
            "flat(shadow=int8)",
            "native",
            true,
            1,
            "Both: the int8 copy, and many queries in one pass over it. Each panel of 16 rows is"
                + " loaded once for a tile of queries. (The floor here counts bytes alone: integer"
                + " operations have no measured rate.)",
            () -> cKernel(true)),
        new IndexRung(
            "all-cores",
            "flat(shadow=int8)",
            null,
            true,
            Runtime.getRuntime().availableProcessors(),
            "The same on all cores: threads take blocks of rows until none is left, then share"
                + " out the queries to decide them. The answer does not depend on who took what.",
            () ->
                SourceCode.function(
                    "core/src/main/java/dev/kith/core/work/Workers.java",
                    "public static void run(")));
  }

  /** The C loop that this machine runs: over one query, or over a tile of them. */
  private static SourceCode cKernel(boolean tile) {
    var reason =
        Backends.statuses().stream()
            .filter(status -> status.name().equals("native"))
            .map(Backends.Status::reason)
            .findFirst()
            .orElse("none");
    var chosen = CHOSEN.matcher(reason);
    if (!chosen.matches()) {
      throw new IllegalStateException("which C kernels run is not known from: " + reason);
    }
    var source = C_SOURCES.get(chosen.group(1));
    if (source == null) {
      throw new IllegalStateException("no source is known of C kernels " + chosen.group(1));
    }
    return SourceCode.function(C_KERNELS + source.get(0), source.get(tile ? 2 : 1));
  }

  @Override
  public Floors floors(VectorSource rows) {
    var rates = new MachineRates(rows);
    return new Floors() {
      @Override
      public double millis(long bytes, double multiplyAdds, int threads) {
        return Math.max(
            rates.readMillis(bytes, threads),
            multiplyAdds == 0 ? 0 : rates.computeMillis(multiplyAdds, threads));
      }

      @Override
      public double again(long bytes, double multiplyAdds, int threads) {
        rates.measureAgain(bytes, multiplyAdds, threads);
        return millis(bytes, multiplyAdds, threads);
      }
    };
  }
}
