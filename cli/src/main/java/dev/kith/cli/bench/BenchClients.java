package dev.kith.cli.bench;

import dev.kith.cli.console.Machine;
import dev.kith.core.index.VectorIndex;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.vector.VectorSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Measures an index that many threads search at once, each one query after another. */
final class BenchClients {
  private final VectorIndex index;
  private final VectorSource queries;
  private final SearchOptions options;
  private final int clients;

  BenchClients(VectorIndex index, VectorSource queries, SearchOptions options, int clients) {
    this.index = index;
    this.queries = queries;
    this.options = options;
    this.clients = clients;
  }

  /** Measurements of one client. */
  private static final class Seen {
    final List<Long> nanos = new ArrayList<>();

    /** Passes over the rows: a search that served n queries counts as 1/n for each. */
    double passes;
  }

  /**
   * Times the clients: all queries once, on to the end of the warm-up, then for the measured time.
   */
  Timing time(double warmUp, double seconds) {
    var results = new @Nullable SearchResult[Math.toIntExact(queries.size())];
    var next = new AtomicLong();
    long warm = System.nanoTime() + (long) (warmUp * BenchCommand.NANOS);
    all(
        () -> {
          for (long q;
              (q = next.getAndIncrement()) < results.length || System.nanoTime() < warm; ) {
            var result = search(q);
            if (q < results.length) {
              results[(int) q] = result;
            }
          }
          return null;
        });
    long cpuStart = Machine.cpuNanos();
    long start = System.nanoTime();
    long until = start + (long) (seconds * BenchCommand.NANOS);
    var seen =
        all(
            () -> {
              var mine = new Seen();
              // Searches at least a few times, and until the coarse clock of CPU time has moved.
              for (long began = System.nanoTime();
                  mine.nanos.size() < 5 || began < until || Machine.cpuNanos() == cpuStart; ) {
                var report = search(next.getAndIncrement()).report();
                long ended = System.nanoTime();
                mine.nanos.add(ended - began);
                mine.passes += 1.0 / report.batched();
                began = ended;
              }
              return mine;
            });
    double wall = (System.nanoTime() - start) / BenchCommand.NANOS;
    double cpu = (Machine.cpuNanos() - cpuStart) / BenchCommand.NANOS;
    var nanos = new ArrayList<Long>();
    double passes = 0;
    for (var each : seen) {
      nanos.addAll(each.nanos);
      passes += each.passes;
    }
    Collections.sort(nanos);
    var answers = new Answers();
    for (var result : results) {
      answers.add(Objects.requireNonNull(result));
    }
    return new Timing(answers, nanos.size(), passes, wall, cpu, nanos);
  }

  private SearchResult search(long q) {
    return index.search(queries.slice(q % queries.size(), 1), options);
  }

  /** Runs {@code client} in a thread for each client; the first failure is thrown. */
  private <T extends @Nullable Object> List<T> all(Callable<T> client) {
    var results = new ArrayList<T>();
    try (var threads = Executors.newFixedThreadPool(clients)) {
      for (Future<T> each : threads.invokeAll(Collections.nCopies(clients, client))) {
        results.add(each.get());
      }
      return results;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the bench was interrupted", e);
    }
  }
}
