package dev.kith.cli.lab;

import dev.kith.lab.compare.ComparisonResult;
import dev.kith.lab.compare.Contender;
import dev.kith.lab.compare.EmbeddingRate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Document of {@code kith lab compare --json}; its fields mean what those of {@link
 * ComparisonResult} do.
 */
record ComparisonDocument(
    String data,
    long n,
    int dim,
    int queries,
    int k,
    String metric,
    int threads,
    String machine,
    String commit,
    @Nullable String python,
    List<Entry> contenders,
    List<Missing> missing,
    List<Embedding> embedding) {

  /** Contender that ran. */
  record Entry(String name, String version, String device, List<Run> runs) {}

  /** Result of a contender for one batch size; times are milliseconds a query. */
  record Run(
      int batch,
      double millis,
      double spread,
      int timed,
      double recall,
      boolean sameRows,
      double median,
      @Nullable Double cpuMillis,
      @Nullable String remark) {}

  /** Contender that did not run. */
  record Missing(String name, String reason) {}

  /** Rate of embedding on a device, or why it was not measured. */
  record Embedding(
      String device,
      String model,
      int texts,
      @Nullable Double textsPerSecond,
      @Nullable Double spread,
      @Nullable String notRun) {}

  static ComparisonDocument of(ComparisonResult result) {
    return new ComparisonDocument(
        result.data(),
        result.n(),
        result.dim(),
        result.queries(),
        result.k(),
        result.metric(),
        result.threads(),
        result.machine(),
        result.commit(),
        result.python(),
        result.contenders().stream().map(ComparisonDocument::entry).toList(),
        result.missing().stream().map(one -> new Missing(one.name(), one.reason())).toList(),
        result.embedding().stream().map(ComparisonDocument::embedding).toList());
  }

  private static Entry entry(Contender contender) {
    return new Entry(
        contender.name(),
        contender.version(),
        contender.device(),
        contender.runs().stream().map(ComparisonDocument::run).toList());
  }

  private static Run run(Contender.Run run) {
    return new Run(
        run.batch(),
        run.millis(),
        run.spread(),
        run.timed(),
        run.recall(),
        run.sameRows(),
        run.median(),
        run.cpuMillis(),
        run.remark());
  }

  private static Embedding embedding(EmbeddingRate rate) {
    return new Embedding(
        rate.device(),
        rate.model(),
        rate.texts(),
        rate.textsPerSecond(),
        rate.spread(),
        rate.notRun());
  }
}
