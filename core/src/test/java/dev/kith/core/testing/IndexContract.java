package dev.kith.core.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.backend.Backend;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.Searcher;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.ClusteredVectors;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Progress;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What the contracts of approximate indexes share: builds and searches on the backend under test,
 * and what every kind of index promises of them.
 *
 * @param <D> data of the kind of index
 */
@ExtendWith(Seeded.class)
public abstract class IndexContract<D extends IndexData> {
  /** Neighbours that tests ask for where the number does not matter. */
  protected static final int K = 10;

  private final Class<D> type;

  /** Creates the contract of a kind of index. */
  protected IndexContract(Class<D> type) {
    this.type = type;
  }

  /** Backend under test. */
  protected abstract Backend backend();

  /** Backend that builds the indexes: another one where the backend under test is slow at it. */
  protected Backend building() {
    return backend();
  }

  /** Builds an index with default options. */
  protected final D build(VectorSource rows, Metric metric, String spec) {
    return build(rows, metric, spec, BuildOptions.defaults());
  }

  /** Builds an index. */
  protected final D build(VectorSource rows, Metric metric, String spec, BuildOptions options) {
    var builder = Objects.requireNonNull(building().builder(IndexSpec.parse(spec)));
    return type.cast(builder.build(rows, metric, options));
  }

  /** Searcher of an index. */
  protected final Searcher searcher(D data) {
    return Objects.requireNonNull(backend().searcher(data));
  }

  /** Synthetic rows in clusters, of which {@code first} are left out. */
  protected static float[][] clustered(int first, int count, int d, int clusters, double spread) {
    try (var made = new ClusteredVectors(d, 4, clusters, spread, 5).generate(first, count)) {
      var rows = new float[count][];
      Arrays.setAll(rows, i -> made.row(i));
      return rows;
    }
  }

  /** Asserts that a build has the same parts on any number of threads. */
  protected final void assertSameOnAnyThreads(VectorSource source, Metric metric, String spec) {
    var one = build(source, metric, spec, BuildOptions.defaults().withThreads(1));
    for (int threads : Seeded.effort() == 1 ? new int[] {3} : new int[] {2, 5}) {
      var many = build(source, metric, spec, BuildOptions.defaults().withThreads(threads));
      one.parts()
          .forEach(
              (name, part) ->
                  assertThat(Objects.requireNonNull(many.parts().get(name)).mismatch(part))
                      .as("part %s on %d threads", name, threads)
                      .isEqualTo(-1));
    }
  }

  /**
   * Asserts that a build is stopped between two units of its work, wherever it is.
   *
   * @param checks that a build makes, at least
   * @return listener to a whole build
   */
  protected final StoppingProgress assertStops(
      VectorSource source, String spec, int checks, SplittableRandom random) {
    var whole = new StoppingProgress(Long.MAX_VALUE);
    build(source, Metric.L2, spec, BuildOptions.defaults().withThreads(1).withProgress(whole));
    assertThat(whole.checks.get()).isGreaterThan(checks);
    for (int round = 0; round < 10; round++) {
      var stopping = new StoppingProgress(random.nextLong(whole.checks.get()));
      var options = BuildOptions.defaults().withThreads(1 + round % 3).withProgress(stopping);
      assertThatThrownBy(() -> build(source, Metric.L2, spec, options))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("stopped by its listener");
    }
    return whole;
  }

  /** Listener that stops the work at its {@code last}-th check. */
  protected static final class StoppingProgress implements Progress {
    /** Number of checks. */
    public final AtomicLong checks = new AtomicLong();

    /** Units that were done. */
    public final AtomicLong done = new AtomicLong();

    private final long last;

    private StoppingProgress(long last) {
      this.last = last;
    }

    @Override
    public void check() {
      if (checks.getAndIncrement() >= last) {
        throw new IllegalStateException("stopped by its listener");
      }
    }

    @Override
    public void advance(long units) {
      done.addAndGet(units);
    }
  }

  /** Asserts that neither a build nor a search takes what is not finite. */
  protected final void assertRefusesNotFinite(String spec, SearchOptions options) {
    try (var source = VectorSource.of(new float[][] {{1, 2}, {3, Float.NaN}});
        var good = VectorSource.of(new float[][] {{1, 2}, {3, 4}})) {
      for (var metric : Metric.values()) {
        assertThatThrownBy(() -> build(source, metric, spec))
            .isInstanceOf(VectorDataException.class)
            .hasMessageContaining("row=1, element=1, found=NaN");
        var searcher = searcher(build(good, metric, spec));
        assertThatThrownBy(() -> searcher.search(source, options))
            .isInstanceOf(VectorDataException.class)
            .hasMessageContaining("row=1, element=1, found=NaN");
      }
    }
  }
}
