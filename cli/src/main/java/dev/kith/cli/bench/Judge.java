package dev.kith.cli.bench;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.vector.VectorSource;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Judge of answers, by what is known of the true ones. */
final class Judge {
  /** Relative difference of keys below which they may be a tie in a truth computed in float32. */
  private static final double TIE = 1e-6;

  private final VectorSource rows;
  private final VectorSource queries;
  private final Metric metric;
  private final int @Nullable [][] truth;
  private final long @Nullable [][] expected;
  private final int depth;

  /**
   * Creates a judge.
   *
   * @param truth true rows of each query, nearest first, at least {@code depth}; null if not given
   * @param expected rows by definition, which an answer must have exactly; null if not computed
   * @param depth number of true rows that could be found
   */
  Judge(
      VectorSource rows,
      VectorSource queries,
      Metric metric,
      int @Nullable [][] truth,
      long @Nullable [][] expected,
      int depth) {
    this.rows = rows;
    this.queries = queries;
    this.metric = metric;
    this.truth = truth;
    this.expected = expected;
    this.depth = depth;
  }

  /** Whether recall can be told. */
  boolean knows() {
    return truth != null || expected != null;
  }

  /** Rows that differ from the definition; null if that was not computed. */
  @Nullable Long mismatches(List<Neighbors> found) {
    if (expected == null) {
      return null;
    }
    long differing = 0;
    for (int q = 0; q < expected.length; q++) {
      var answer = found.get(q).rows();
      for (int i = 0; i < Math.max(answer.length, expected[q].length); i++) {
        if (i >= answer.length || i >= expected[q].length || answer[i] != expected[q][i]) {
          differing++;
        }
      }
    }
    return differing;
  }

  /** Recall, where a row as near as the k-th true one counts as found: data holds ties. */
  @Nullable Double recall(List<Neighbors> found) {
    if (!knows()) {
      return null;
    }
    if (depth == 0) {
      return 1.0;
    }
    long hits = 0;
    for (int q = 0; q < found.size(); q++) {
      var nearest = new HashSet<Long>();
      for (int i = 0; i < depth; i++) {
        nearest.add(trueRow(q, i));
      }
      var query = queries.row(q);
      double limit = metric.key(query, rows.row(trueRow(q, depth - 1)));
      for (long row : found.get(q).rows()) {
        boolean tie = Math.abs(metric.key(query, rows.row(row)) - limit) <= TIE * Math.abs(limit);
        hits += tie || nearest.contains(row) ? 1 : 0;
      }
    }
    return (double) hits / ((long) depth * found.size());
  }

  private long trueRow(int query, int rank) {
    return truth != null ? truth[query][rank] : Objects.requireNonNull(expected)[query][rank];
  }
}
