package dev.kith.cli.bench;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Document of {@code kith bench --json} about one index; several are printed in an array {@code
 * indexes}.
 *
 * @param intrinsicDimension local intrinsic dimension of the rows, which says how hard they are to
 *     search; null where no recall is told
 */
record BenchDocument(
    String index,
    String metric,
    long n,
    int dim,
    @Nullable Double intrinsicDimension,
    int k,
    int threads,
    String backend,
    String machine,
    String commit,
    double buildCpuSeconds,
    double buildSeconds,
    Bytes bytes,
    @Nullable Double readBytesPerSecond,
    List<Run> runs) {

  /** Document about several indexes. */
  record Several(List<BenchDocument> indexes) {}

  /** Bytes of memory: the rows, a smaller copy of them, everything else that the index keeps. */
  record Bytes(long rows, long shadow, long index) {}

  /**
   * Measurements with one setting.
   *
   * @param recall share of the true {@code k} nearest that were found; null without --truth and
   *     --check
   * @param expectedRecall recall that the index expects of itself; null where it expects none
   * @param mismatches rows that differ from the definition; null without --check, and where the
   *     answer is not proved
   * @param bytesPerCpuSecond bytes of the rows, read once a batch; null where not all are read
   * @param batched queries searched together, on average
   * @param candidates candidates a query
   * @param hops nodes of a graph that were expanded, a query
   * @param lists inverted lists that were read, a query
   * @param keys canonical keys that were computed, a query
   * @param bound what excluded rows
   * @param fallbacks queries for which the shadow's bound was too loose
   * @param slowestRound where several settings took turns: time of the slowest round as a multiple
   *     of the least times together
   */
  record Run(
      Map<String, Number> params,
      long queries,
      @Nullable Double recall,
      @Nullable Double expectedRecall,
      @Nullable Long mismatches,
      double qps,
      double qpsPerCpuSecond,
      @Nullable Double bytesPerCpuSecond,
      double p50Micros,
      double p99Micros,
      double batched,
      double candidates,
      double hops,
      double lists,
      double keys,
      String bound,
      long fallbacks,
      boolean proved,
      @Nullable Double slowestRound) {

    /** The setting, in a few words. */
    String setting() {
      var words = new StringBuilder();
      for (var name : List.of("recall", "ef", "probes")) {
        if (params.containsKey(name)) {
          words.append("%s %s, ".formatted(name, params.get(name)));
        }
      }
      if (!params.containsKey("clients")) {
        return words.append("batch ").append(params.get("batch")).toString();
      }
      words.append("%s clients".formatted(params.get("clients")));
      if (params.containsKey("batchingMicros")) {
        words.append(
            ", batching %s us, %.1f queries together"
                .formatted(params.get("batchingMicros"), batched));
      }
      return words.toString();
    }
  }

  void print(PrintWriter out) {
    out.printf(
        "%s over %d x %d, %s, k=%d, %d thread%s, backend %s%n",
        index, n, dim, metric, k, threads, threads == 1 ? "" : "s", backend);
    out.printf("%s; commit %s%n", machine, commit);
    out.printf(
        Locale.ROOT,
        "rows %.1f MB, shadow %.1f MB, index %.1f MB; built in %.2f s (%.2f CPU)%n",
        bytes.rows / 1e6,
        bytes.shadow / 1e6,
        bytes.index / 1e6,
        buildSeconds,
        buildCpuSeconds);
    if (readBytesPerSecond != null) {
      out.printf(
          Locale.ROOT,
          "one thread reads these rows at %.2f GB per CPU second at most%n",
          readBytesPerSecond / 1e9);
    }
    runs.forEach(run -> out.println(line(run)));
    out.flush();
  }

  private String line(Run run) {
    var line = new StringBuilder(run.setting());
    line.append(
        String.format(
            Locale.ROOT, ": %.1f queries/s, %.1f per CPU second", run.qps, run.qpsPerCpuSecond));
    if (bytes.shadow == 0 && run.bytesPerCpuSecond != null) { // else the rows are not read
      line.append(
          String.format(
              Locale.ROOT, ", %.2f GB of rows per CPU second", run.bytesPerCpuSecond / 1e9));
    }
    line.append(
        String.format(Locale.ROOT, ", p50 %.0f us, p99 %.0f us", run.p50Micros, run.p99Micros));
    line.append(
        run.hops > 0
            ? String.format(Locale.ROOT, ", %.1f hops and %.1f keys a query", run.hops, run.keys)
            : String.format(
                Locale.ROOT, ", %.1f candidates a query by %s", run.candidates, run.bound));
    if (run.lists > 0) {
      line.append(String.format(Locale.ROOT, ", %.1f lists read", run.lists));
    }
    if (run.fallbacks > 0) {
      line.append(", %d queries fell back".formatted(run.fallbacks));
    }
    if (run.proved) {
      line.append(", proved");
    }
    if (run.recall != null) {
      line.append(String.format(Locale.ROOT, ", recall %.4f", run.recall));
      if (intrinsicDimension != null && !run.proved) { // what is proved is so anywhere
        line.append(String.format(Locale.ROOT, " at intrinsic dimension %.1f", intrinsicDimension));
      }
    }
    if (run.expectedRecall != null && !run.proved) {
      line.append(String.format(Locale.ROOT, ", expected %.4f", run.expectedRecall));
    }
    if (run.mismatches != null) {
      line.append(", %d rows differ".formatted(run.mismatches));
    }
    return line.toString();
  }
}
