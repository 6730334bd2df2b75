package dev.kith.core.backend;

import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.quant.Shadow;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.TopK;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.VectorSource;
import java.util.ArrayList;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A small search whose answer is computed beside it from the definition. A backend that fails it on
 * this machine is not used.
 */
final class SelfTest {
  private static final int ROWS = 67;
  private static final int QUERIES = 21;
  private static final int K = 7;

  private SelfTest() {}

  /** What went wrong, or null if the backend passed. */
  static @Nullable String run(Backend backend) {
    try {
      for (int dimension : new int[] {3, 37}) {
        var data = new ClusteredVectors(dimension, dimension, 3, 0.5, 42);
        try (var rows = data.generate(0, ROWS);
            var queries = data.generate(ROWS, QUERIES)) {
          for (var metric : Metric.values()) {
            var failure = run(backend, rows, queries, metric, null);
            for (var quantizer : Quantizer.ALL) {
              if (failure == null) {
                var shadow = quantizer.encode(rows, metric);
                failure = run(backend, rows, queries, metric, shadow);
              }
            }
            if (failure != null) {
              return failure;
            }
          }
        }
      }
      return null;
    } catch (RuntimeException | LinkageError e) {
      return e.toString();
    }
  }

  private static @Nullable String run(
      Backend backend,
      VectorSource rows,
      VectorSource queries,
      Metric metric,
      @Nullable Shadow shadow) {
    var search = backend.exactSearch(rows, metric, shadow);
    // Named, so that no backend may hand the search on to another.
    var options = SearchOptions.nearest(K).onBackend(backend.name());
    // The first query twice, for backends treat a batch otherwise than one query.
    var found = new ArrayList<Neighbors>();
    for (int count : new int[] {1, QUERIES}) {
      var part = queries.slice(0, count);
      found.addAll(search.search(part, options).neighbors());
    }
    for (int i = 0; i < found.size(); i++) {
      int q = Math.max(i - 1, 0);
      var expected = definition(rows, metric, queries.row(q));
      if (!Arrays.equals(found.get(i).rows(), expected)) {
        return "wrong rows: metric=%s, shadow=%s, dimension=%d, query=%d, expected=%s, found=%s"
            .formatted(
                metric,
                shadow == null ? "none" : shadow.quantizer().name(),
                rows.dimension(),
                q,
                Arrays.toString(expected),
                Arrays.toString(found.get(i).rows()));
      }
    }
    return null;
  }

  private static long[] definition(VectorSource rows, Metric metric, float[] query) {
    var best = new TopK(K);
    for (long row = 0; row < rows.size(); row++) {
      best.offer(metric.key(query, rows.row(row)), row);
    }
    var nearest = new long[K];
    best.drain(nearest, new double[K]);
    return nearest;
  }
}
