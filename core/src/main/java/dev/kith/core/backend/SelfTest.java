package dev.kith.core.backend;

import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.search.Effort;
import dev.kith.core.search.IndexBuilder;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.Searcher;
import dev.kith.core.search.TopK;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.ArrayList;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Small searches whose answers are computed beside them from the definition. What is exact must be
 * so, row by row; what is approximate must come with canonical keys, in their order, and find most
 * of a tiny set. A backend that fails on this machine is not used.
 */
final class SelfTest {
  private static final int ROWS = 67;
  private static final int QUERIES = 21;
  private static final int K = 7;

  /**
   * What an approximate search is asked to find of the tiny set, and what it must find at least.
   */
  private static final double ASKED = 0.95;

  private static final double LEAST = 0.8;

  private SelfTest() {}

  /** What went wrong, or null if the backend passed. */
  static @Nullable String run(Backend backend) {
    try {
      for (int dimension : new int[] {3, 37}) {
        var data = new ClusteredVectors(dimension, dimension, 3, 0.5, 42);
        try (var rows = data.generate(0, ROWS);
            var queries = data.generate(ROWS, QUERIES)) {
          for (var metric : Metric.values()) {
            var failure = run(backend, queries, new FlatData(rows, metric, null));
            for (var quantizer : Quantizer.ALL) {
              if (failure == null) {
                var shadow = quantizer.encode(rows, metric);
                failure = run(backend, queries, FlatData.of(shadow));
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

  /**
   * What went wrong with approximate searches of that kind, or null.
   *
   * @param builder makes their data, on whatever backend
   */
  static @Nullable String runApproximate(Backend backend, IndexSpec spec, IndexBuilder builder) {
    try {
      int dimension = 24;
      var data = new ClusteredVectors(dimension, 8, 3, 0.5, 42);
      try (var rows = data.generate(0, 5L * ROWS);
          var queries = data.generate(5L * ROWS, QUERIES)) {
        for (var metric : Metric.values()) {
          var failure =
              runApproximate(
                  backend, queries, builder.build(rows, metric, BuildOptions.defaults()));
          if (failure != null) {
            return failure;
          }
        }
      }
      return null;
    } catch (RuntimeException | LinkageError e) {
      return e.toString();
    }
  }

  private static @Nullable String runApproximate(
      Backend backend, VectorSource queries, IndexData data) {
    var searcher = backend.searcher(data);
    if (searcher == null) {
      return "no searcher for data of index %s".formatted(data.spec());
    }
    var rows = data.rows();
    var answers = answers(backend, searcher, queries, new Effort.Recall(ASKED));
    long found = 0;
    for (int i = 0; i < answers.size(); i++) {
      var answer = answers.get(i);
      var query = queries.row(Math.max(i - 1, 0));
      for (int rank = 0; rank < answer.size(); rank++) {
        long row = answer.row(rank);
        double key = data.metric().key(query, rows.row(row));
        boolean ordered =
            rank == 0
                || answer.key(rank - 1) < key
                || (answer.key(rank - 1) == key && answer.row(rank - 1) < row);
        if (key != answer.key(rank) || !ordered) {
          return "keys must be canonical and ascend: metric=%s, index=%s, query=%d, rank=%d, row=%d, expected=%s, found=%s"
              .formatted(
                  data.metric(), data.spec(), Math.max(i - 1, 0), rank, row, key, answer.key(rank));
        }
      }
      var expected = definition(rows, data.metric(), query);
      found += Arrays.stream(expected).filter(row -> contains(answer, row)).count();
    }
    double recall = (double) found / (K * answers.size());
    return recall >= LEAST
        ? null
        : "too little found: metric=%s, index=%s, recall@%d=%.3f, asked=%s, least=%s"
            .formatted(data.metric(), data.spec(), K, recall, ASKED, LEAST);
  }

  private static boolean contains(Neighbors answer, long row) {
    return Arrays.stream(answer.rows()).anyMatch(each -> each == row);
  }

  /** Of the first query twice, for backends treat a batch otherwise than one query. */
  private static ArrayList<Neighbors> answers(
      Backend backend, Searcher searcher, VectorSource queries, Effort effort) {
    // Named, so that no backend may hand the search on to another.
    var options = SearchOptions.nearest(K).onBackend(backend.name()).withEffort(effort);
    var found = new ArrayList<Neighbors>();
    for (int count : new int[] {1, QUERIES}) {
      var part = queries.slice(0, count);
      found.addAll(searcher.search(part, options).neighbors());
    }
    return found;
  }

  private static @Nullable String run(Backend backend, VectorSource queries, FlatData data) {
    var searcher = backend.searcher(data);
    if (searcher == null) {
      return null; // it is there for other kinds
    }
    var found = answers(backend, searcher, queries, new Effort.Exact());
    for (int i = 0; i < found.size(); i++) {
      int q = Math.max(i - 1, 0);
      var shadow = data.shadow();
      var expected = definition(data.rows(), data.metric(), queries.row(q));
      if (!Arrays.equals(found.get(i).rows(), expected)) {
        return "wrong rows: metric=%s, shadow=%s, dimension=%d, query=%d, expected=%s, found=%s"
            .formatted(
                data.metric(),
                shadow == null ? "none" : shadow.quantizer().name(),
                data.rows().dimension(),
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
