package dev.kith.core.graph;

import dev.kith.core.search.Effort;
import dev.kith.core.search.ExpectedRecall;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.StopSignal;
import dev.kith.core.search.Work;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Searches of many queries, a walk each: shares the queries out to workers, lets a scan answer what
 * a walk does not, and adds up what was done.
 */
final class QueryWalks {
  private QueryWalks() {}

  /**
   * What came of a walk.
   *
   * @param found the answer, or null if a scan is to answer
   * @param work what was done
   * @param width rows that the walk kept
   * @param expected recall that is expected of the answer, or null if it is unknown
   */
  record Walked(
      @Nullable Neighbors found, Work work, int width, @Nullable ExpectedRecall expected) {}

  /**
   * Walk for one query.
   *
   * @param <S> what one worker needs
   */
  interface Walker<S> {
    /** Walks for query {@code q}; long reads ask {@code stop} whether to go on. */
    Walked walk(S scratch, int q, StopSignal stop);
  }

  /** Exact search, which answers what a walk does not. */
  interface Scan {
    /** Answers {@code query}, a single one. */
    SearchResult search(VectorSource query, SearchOptions options);
  }

  /**
   * The width that {@code effort} asks a walk for, or 0 if the exact answer is asked for.
   *
   * @throws IllegalArgumentException if a graph does not know the effort
   */
  static int width(Effort effort, IndexSpec spec) {
    return switch (effort) {
      case Effort.Exact _, Effort.Recall _ -> 0;
      case Effort.Beam beam -> beam.width();
      case Effort.Probes _ ->
          throw new IllegalArgumentException(
              "an index %s has no lists to probe: ask for a recall or a beam".formatted(spec));
    };
  }

  /**
   * Answers all queries.
   *
   * @param report names the backend and the index
   * @param take gives a worker what it needs
   * @param give takes it back, unless the search failed
   */
  static <S> SearchResult run(
      VectorSource queries,
      SearchOptions options,
      SearchReport report,
      Supplier<S> take,
      Consumer<S> give,
      Walker<S> walker,
      Scan scan) {
    var stop = new StopSignal(options);
    int count = Math.toIntExact(queries.size());
    var answers = new Neighbors[count];
    var walks = new Walked[count];
    var proved = new boolean[count];
    var next = new AtomicInteger();
    // A limit has a key for each query of the call, and a scan answers one of them.
    var alone = options.withThreads(1).withLimit(null);
    Workers.run(
        Math.clamp(count, 1, Workers.count(options.threads())),
        _ -> {
          var scratch = take.get();
          for (int q; (q = next.getAndIncrement()) < count; ) {
            stop.check();
            var walked = walker.walk(scratch, q, stop);
            var found = walked.found();
            if (found == null) {
              var all = scan.search(queries.slice(q, 1), alone);
              found = all.neighbors().getFirst();
              proved[q] = all.report().proved();
              boolean vain = walked.work().hops() > 0;
              var work =
                  walked.work().plus(all.report().work()).plus(Work.ofScan(0, 0, vain ? 1 : 0));
              walked = new Walked(null, work, vain ? walked.width() : 0, ExpectedRecall.EXACT);
            }
            answers[q] = found;
            walks[q] = walked;
          }
          give.accept(scratch);
        },
        stop::abandon);
    var work = Work.NONE;
    boolean all = true;
    for (int q = 0; q < count; q++) {
      work = work.plus(walks[q].work());
      all &= proved[q];
    }
    return new SearchResult(
        List.of(answers),
        report
            .withWork(work)
            .withProved(all)
            .withExpectedRecall(expected(walks))
            .withWidth(meanWidth(walks))
            .withBatched(count));
  }

  private static double meanWidth(Walked[] walks) {
    long sum = 0;
    int count = 0;
    for (var walk : walks) {
      if (walk.width() > 0) {
        sum += walk.width();
        count++;
      }
    }
    return count == 0 ? 0 : sum / (double) count;
  }

  private static @Nullable ExpectedRecall expected(Walked[] walks) {
    var all = new ArrayList<ExpectedRecall>();
    for (var walk : walks) {
      if (walk.expected() == null) {
        return null;
      }
      all.add(walk.expected());
    }
    return ExpectedRecall.mean(all);
  }
}
