package dev.kith.lab.ladder;

import dev.kith.core.backend.Backends;
import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.vector.VectorSource;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A search by Kith itself.
 *
 * @param index that is searched, such as {@code flat}
 * @param backend that must serve, or null for the best one
 * @param batched whether queries are handed over together
 * @param source of {@link #code}
 */
record IndexRung(
    String name,
    String index,
    @Nullable String backend,
    boolean batched,
    int threads,
    String explanation,
    Supplier<SourceCode> source)
    implements Rung {
  /** So many queries share one pass over the rows; with more, a second pass begins. */
  private static final int GROUP = 1024;

  @Override
  public SourceCode code() {
    return source.get();
  }

  @Override
  public int queriesAtOnce(int queries) {
    return batched ? Math.min(queries, GROUP) : 1;
  }

  @Override
  public @Nullable String unavailable() {
    if (backend == null) {
      return null;
    }
    for (var status : Backends.statuses()) {
      if (status.name().equals(backend)) {
        return status.usable() ? null : status.reason();
      }
    }
    return "no backend %s on the module or class path".formatted(backend);
  }

  @Override
  public Prepared prepare(VectorSource rows, VectorSource queries, int k) {
    var searched = VectorIndex.over(rows, Metric.L2, index);
    var nearest = SearchOptions.nearest(k).withThreads(threads);
    var options = backend == null ? nearest : nearest.onBackend(backend);
    return new Prepared() {
      @Override
      public Answer search(int first, int count) {
        var result = searched.search(queries.slice(first, count), options);
        var report = result.report();
        long elements = rows.size() * rows.dimension();
        var work = report.work();
        long codes = searched.data().bytes();
        boolean shadowed = codes > 0;
        long rescored = work.keysComputed() * rows.dimension();
        boolean rowsRead = !shadowed || work.fallbacks() > 0;
        return new Answer(
            result.neighbors().stream().map(Neighbors::rows).toArray(long[][]::new),
            codes + (rowsRead ? elements : rescored) * Float.BYTES,
            (double) elements * (shadowed ? work.fallbacks() : count),
            report.backend());
      }

      @Override
      public void close() {}
    };
  }
}
