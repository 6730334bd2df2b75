package dev.kith.core.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchResult;
import dev.kith.core.vector.VectorSource;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Kinds of rows and queries on which recall is judged, and what is found of exact answers. */
public enum RecallData {
  GAUSSIAN,
  TIGHT_CLUSTERS,
  LOOSE_CLUSTERS,
  SUBSPACE,
  DUPLICATES,
  QUERIES_ELSEWHERE;

  /** Number of queries behind the rows. */
  public static final int QUERIES = 150;

  /** Rows, the queries behind them. */
  public float[][] make(SplittableRandom random, int rows) {
    int d = this == SUBSPACE ? 40 : 32;
    var made = TestVectors.gaussians(random, rows + QUERIES, d);
    var centres = TestVectors.gaussians(random, 30, d);
    var axes = TestVectors.gaussians(random, 6, d);
    float spread = this == TIGHT_CLUSTERS ? 0.05f : 0.4f;
    for (int i = 0; i < made.length; i++) {
      var row = made[i];
      var centre = centres[random.nextInt(centres.length)];
      if (this == SUBSPACE) {
        Arrays.fill(row, 0);
      } else if (this == DUPLICATES && i % 3 == 1) {
        System.arraycopy(made[i - 1], 0, row, 0, d);
      }
      for (int j = 0; j < d; j++) {
        if (this == TIGHT_CLUSTERS || this == LOOSE_CLUSTERS) {
          row[j] = centre[j] + spread * row[j];
        } else if (this == QUERIES_ELSEWHERE) {
          row[j] = centre[j] + 0.4f * row[j] + (i < rows ? 0 : 1.5f);
        }
      }
      if (this == SUBSPACE) {
        for (var axis : axes) {
          float at = random.nextFloat();
          for (int j = 0; j < d; j++) {
            row[j] += at * axis[j];
          }
        }
      }
    }
    return made;
  }

  /** Key of the k-th nearest row of each query, or of the last row there is. */
  public static double[] worst(Metric metric, float[][] rows, VectorSource queries, int k) {
    var worst = new double[(int) queries.size()];
    for (int q = 0; q < worst.length; q++) {
      var query = queries.row(q);
      var exact = TestVectors.nearest(metric, query, rows, k);
      worst[q] = TestVectors.key(metric, query, rows[(int) exact[exact.length - 1]]);
    }
    return worst;
  }

  /**
   * Recall of each query; rows as near as the k-th count.
   *
   * @param worst key of the k-th nearest row
   * @param expected number of rows that each query must have found
   */
  public static double[] measure(double[] worst, SearchResult result, int expected) {
    var recalls = new double[worst.length];
    for (int q = 0; q < recalls.length; q++) {
      var found = result.neighbors().get(q);
      assertThat(found.size()).isEqualTo(expected);
      for (int rank = 0; rank < found.size(); rank++) {
        recalls[q] += found.key(rank) <= worst[q] ? 1.0 / expected : 0;
      }
    }
    return recalls;
  }

  /** Recall of each query; rows as near as the k-th count. */
  public static double[] measure(
      Metric metric, float[][] rows, VectorSource queries, SearchResult result, int k) {
    return measure(worst(metric, rows, queries, k), result, Math.min(k, rows.length));
  }

  /** Mean. */
  public static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  /** Standard error of the mean. */
  public static double standardError(double[] values) {
    double mean = mean(values);
    double squares = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
    return Math.sqrt(squares) / values.length;
  }
}
