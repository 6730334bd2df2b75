package dev.kith.lab.peers;

import dev.kith.core.backend.Backends;
import dev.kith.core.failure.KithException;
import dev.kith.core.index.VectorIndex;
import dev.kith.core.search.Effort;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.work.BuildOptions;
import dev.kith.lab.measure.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Kith as a contestant: one index on one backend, called as users call it, a query at a time on the
 * calling thread.
 */
public final class KithContestant implements Contestant {
  private static final double NANOS = 1e9;

  private final PeerData data;
  private final IndexSpec spec;
  private final @Nullable String backend;
  private final Settings settings;
  private @Nullable VectorIndex index;

  /**
   * How Kith runs.
   *
   * @param k neighbours
   * @param threads threads of the build; searches run on one
   * @param version version of Kith
   * @param efforts efforts to measure, the least first
   * @param clock clock of the work
   */
  public record Settings(int k, int threads, String version, List<Effort> efforts, Clock clock) {
    /** Copies the list. */
    public Settings {
      efforts = List.copyOf(efforts);
    }
  }

  /**
   * Creates one that is not built yet.
   *
   * @param spec text of the kind of index and its parameters
   * @param backend name of the backend that searches, or null for the best
   * @throws IllegalArgumentException if {@code spec} is not one
   */
  public KithContestant(PeerData data, String spec, @Nullable String backend, Settings settings) {
    this.data = data;
    this.spec = IndexSpec.parse(spec);
    this.backend = backend;
    this.settings = settings;
  }

  @Override
  public String name() {
    return "kith %s%s".formatted(backend == null ? "" : backend + " ", spec);
  }

  @Override
  public List<Effort> efforts() {
    return settings.efforts;
  }

  @Override
  public Built build() throws ContestantException {
    try {
      long start = settings.clock.processNanos();
      var built =
          Backends.builderOf(spec)
              .build(
                  data.rows(),
                  data.metric(),
                  BuildOptions.defaults().withThreads(settings.threads));
      double seconds = (settings.clock.processNanos() - start) / NANOS;
      var chosen = Backends.choose(backend, built).backend();
      if (!chosen.device().equals("cpu")) {
        throw new ContestantException(
            "backend %s searches on a %s, whose work is no CPU time; name a backend of the CPU"
                .formatted(chosen.name(), chosen.device()));
      }
      var opened = VectorIndex.over(built);
      index = opened;
      // The first search readies the backend, whose test of itself is no query's work.
      opened.search(data.queries().slice(0, 1), options(settings.efforts.getFirst()));
      long rows = (long) data.rows().dimension() * Float.BYTES * data.rows().size();
      return new Built(settings.version, seconds, rows + built.bytes());
    } catch (KithException | IllegalArgumentException e) {
      throw new ContestantException(String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public Answer search(Effort effort, int from, int to) throws ContestantException {
    var opened = index;
    if (opened == null) {
      throw new ContestantException("it was not built, or was closed");
    }
    try {
      var options = options(effort);
      var rows = new ArrayList<long[]>();
      long start = settings.clock.threadNanos();
      for (int q = from; q < to; q++) {
        rows.add(opened.search(data.queries().slice(q, 1), options).neighbors().getFirst().rows());
      }
      return new Answer(rows, (settings.clock.threadNanos() - start) / NANOS);
    } catch (KithException | IllegalArgumentException e) {
      throw new ContestantException(String.valueOf(e.getMessage()), e);
    }
  }

  private SearchOptions options(Effort effort) {
    return SearchOptions.nearest(settings.k).withThreads(1).onBackend(backend).withEffort(effort);
  }

  /** Forgets the index, which owns nothing but memory. */
  @Override
  public void close() {
    index = null;
  }
}
