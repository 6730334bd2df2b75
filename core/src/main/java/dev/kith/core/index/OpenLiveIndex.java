package dev.kith.core.index;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.LiveSearcher;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Progress;
import dev.kith.core.work.Workers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** Live index over the searcher of one backend. */
final class OpenLiveIndex implements LiveIndex {
  private final LiveSearcher searcher;

  OpenLiveIndex(LiveSearcher searcher) {
    this.searcher = searcher;
  }

  @Override
  public Metric metric() {
    return searcher.metric();
  }

  @Override
  public IndexSpec spec() {
    return searcher.spec();
  }

  @Override
  public int dimension() {
    return searcher.dimension();
  }

  @Override
  public int size() {
    return searcher.size();
  }

  @Override
  public long bytes() {
    return searcher.bytes();
  }

  @Override
  public long insert(float[] row) {
    return searcher.insert(row);
  }

  @Override
  public List<Long> insertAll(VectorSource rows) {
    var numbers = new Long[Math.toIntExact(rows.size())];
    Workers.forEach(
        numbers.length, 0, Progress.NONE, i -> numbers[(int) i] = searcher.insert(rows.row(i)));
    return List.copyOf(Arrays.asList(numbers));
  }

  @Override
  public boolean delete(long number) {
    return searcher.delete(number);
  }

  @Override
  public float @Nullable [] row(long number) {
    return searcher.row(number);
  }

  @Override
  public SearchResult search(
      VectorSource queries, SearchOptions options, @Nullable LongPredicate allowed) {
    var asked = options.backend();
    if (asked != null && !asked.equals(searcher.backend())) {
      throw new BackendUnavailableException(
          "backend %s cannot serve: a live index stays on the backend that it began on, which is %s; name that or none"
              .formatted(asked, searcher.backend()));
    }
    return IndexEvents.recorded(queries, options, () -> searcher.search(queries, options, allowed));
  }

  @Override
  public void calibrate(VectorSource queries) {
    searcher.calibrate(queries, BuildOptions.defaults());
  }

  @Override
  public void optimize(BuildOptions options) {
    searcher.optimize(options);
  }

  @Override
  public void save(Path target) throws IOException {
    searcher.image(
        BuildOptions.defaults(), (data, numbers) -> IndexFile.writeLive(target, data, numbers));
  }
}
