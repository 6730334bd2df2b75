package dev.kith.cli.collection;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.kith.core.search.ExpectedRecall;
import dev.kith.db.point.Payload;
import dev.kith.db.point.PointId;
import dev.kith.db.query.QueryReport;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * Document that a search prints with {@code --json}.
 *
 * @param query the text, the file of the vector, or the points that hits shall be like
 * @param expectedRecall share of the exact answer that searches for vectors are expected to have
 *     found, 1 if they are proved, null if nothing is known
 */
record HitsDocument(
    String query,
    String backend,
    String index,
    boolean proved,
    @Nullable Expected expectedRecall,
    String scoreKind,
    Served served,
    List<Hit> hits) {

  /**
   * Share of the exact answer that is expected to have been found.
   *
   * @param mean mean of queries like this one
   * @param low lower end of its interval, which holds it in 95 of 100 cases
   * @param high upper end of the interval
   */
  record Expected(double mean, double low, double high) {
    static @Nullable Expected of(@Nullable ExpectedRecall recall) {
      return recall == null ? null : new Expected(recall.mean(), recall.low(), recall.high());
    }
  }

  /**
   * How the search was served.
   *
   * @param bounds what excluded rows
   * @param segments that were searched
   * @param points with such a vector that pass the filter
   * @param rowsRead rows that were looked at, or their codes
   * @param keysComputed rows whose canonical key was computed
   * @param hops nodes of graphs that were expanded
   * @param fallbacks searches for which a bound was too loose
   * @param scannedPaths paths of the filter for which payloads were read
   * @param stale whether acknowledged writes may be missing, because the disk failed
   */
  record Served(
      SortedSet<String> bounds,
      int segments,
      long points,
      long rowsRead,
      long keysComputed,
      long hops,
      long fallbacks,
      SortedSet<String> scannedPaths,
      boolean stale) {
    static Served of(QueryReport report) {
      var work = report.work();
      return new Served(
          report.bounds(),
          report.segments(),
          report.passed(),
          work.rowsRead(),
          work.keysComputed(),
          work.hops(),
          work.fallbacks(),
          report.scannedPaths(),
          report.stale());
    }
  }

  /** Point of the answer; {@code group} is set only with {@code --group}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Hit(
      int rank,
      PointId id,
      double score,
      Payload payload,
      @Nullable String group,
      @Nullable Map<String, float[]> vectors) {}
}
