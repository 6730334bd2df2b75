package dev.kith.core.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatData;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.search.Searcher;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many threads at once, against the definition. */
@ExtendWith(Seeded.class)
@Timeout(120)
class BatchingStressTest {
  private static final int N = 700;
  private static final int D = 18;
  private static final int CLIENTS = 40;

  /** A search, and what was seen of it. */
  private static final class Seen implements Searcher {
    private final Searcher search;
    final AtomicInteger queries = new AtomicInteger();
    final AtomicInteger calls = new AtomicInteger();

    Seen(Searcher search) {
      this.search = search;
    }

    @Override
    public SearchResult search(VectorSource asked, SearchOptions options) {
      calls.incrementAndGet();
      queries.addAndGet((int) asked.size());
      return search.search(asked, options);
    }

    @Override
    public long bytes() {
      return search.bytes();
    }
  }

  private interface Client {
    void run(int number, SplittableRandom random) throws Exception;
  }

  /** Runs them all and passes on what they throw. */
  private static void crowd(boolean virtual, SplittableRandom random, Client client)
      throws InterruptedException {
    Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    ThreadFactory threads =
        virtual ? Thread.ofVirtual().factory() : Thread.ofPlatform().daemon().factory();
    var all = new ArrayList<Thread>();
    for (int i = 0; i < CLIENTS; i++) {
      int number = i;
      var own = random.split();
      var thread =
          threads.newThread(
              () -> {
                try {
                  client.run(number, own);
                } catch (Throwable e) {
                  failures.add(e);
                }
              });
      all.add(thread);
      thread.start();
    }
    for (var thread : all) {
      thread.join();
    }
    assertThat(failures).isEmpty();
  }

  private static BatchingOptions limits(SplittableRandom random) {
    return new BatchingOptions(
        // A minute would pass only where a turn was lost.
        random.nextBoolean() ? Duration.ofMinutes(1) : Duration.ofNanos(random.nextLong(1_000_000)),
        1 + random.nextInt(50),
        1 + random.nextInt(20),
        1 + random.nextInt(2));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void search_manyThreads_everyoneGetsItsOwnAnswer(boolean virtual, SplittableRandom random)
      throws InterruptedException {
    var rows = TestVectors.gaussians(random, N, D);
    var filter = RowFilter.of(N, row -> row % 3 != 0);
    for (int round = 0; round < 3 * Seeded.effort(); round++) {
      var metric = List.of(Metric.L2, Metric.COSINE, Metric.DOT).get(random.nextInt(3));
      var limits = limits(random);
      try (var source = VectorSource.of(rows)) {
        var shadow = round % 2 == 0 ? null : Quantizer.INT8.encode(source, metric);
        var seen =
            new Seen(new ExactScan(Kernels.inJava(), "test", new FlatData(source, metric, shadow)));
        var search = new BatchingSearch(seen, source, limits);
        crowd(
            virtual,
            random,
            (_, own) -> {
              for (int i = 0; i < 25; i++) {
                var query = TestVectors.gaussian(own, D);
                int k = 1 + own.nextInt(2) * 9;
                var allowed = own.nextInt(3) == 0 ? filter : null;
                var options = SearchOptions.nearest(k).withThreads(1);
                if (allowed != null) {
                  options = options.among(allowed);
                }
                if (own.nextInt(4) == 0) {
                  options = options.withDeadline(Duration.ofMinutes(5)).withCancel(() -> false);
                }
                var result = search.search(VectorSource.single(query), options);
                assertThat(result.neighbors()).hasSize(1);
                assertThat(result.neighbors().getFirst().rows())
                    .as("%s %s", metric, limits)
                    .isEqualTo(nearest(metric, query, rows, allowed, k));
                var report = result.report();
                assertThat(report.proved()).isTrue();
                assertThat(report.work().rowsRead())
                    .isEqualTo(allowed == null ? N : allowed.count());
                assertThat(report.batched()).isBetween(1L, (long) limits.maxBatch());
              }
            });
        assertThat(seen.queries.get()).isEqualTo(CLIENTS * 25); // none twice
        assertIdle(search, source);
      }
    }
  }

  private static long[] nearest(
      Metric metric, float[] query, float[][] rows, @Nullable RowFilter filter, int k) {
    return Arrays.stream(TestVectors.nearest(metric, query, rows, N))
        .filter(row -> filter == null || filter.allows(row))
        .limit(k)
        .toArray();
  }

  /** Nobody's turn was lost: a lone query starts at once and another can follow. */
  private static void assertIdle(BatchingSearch search, VectorSource rows) {
    assertThat(search.queued()).isZero();
    assertThat(search.waitingForRoom()).isZero();
    for (int i = 0; i < 3; i++) {
      var one = search.search(rows.slice(i, 1), SearchOptions.nearest(1).withThreads(1));
      assertThat(one.report().batched()).isEqualTo(1);
    }
    assertThat(search.running()).isZero();
  }

  /** Callers come and go at every moment; no turn may be lost, and no answer be another's. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void search_stopsFailuresAndInterruptsAtRandom_concernTheirOwnAlone(
      boolean virtual, SplittableRandom random) throws InterruptedException {
    var rows = TestVectors.gaussians(random, N, D);
    for (int round = 0; round < 3 * Seeded.effort(); round++) {
      var limits = limits(random);
      float bad = 1000;
      try (var source = VectorSource.of(rows)) {
        var scan = new ExactScan(Kernels.inJava(), "test", new FlatData(source, Metric.L2, null));
        // Fails with the bad queries, alone or together with others.
        var failing =
            new Searcher() {
              @Override
              public SearchResult search(VectorSource queries, SearchOptions options) {
                for (long q = 0; q < queries.size(); q++) {
                  if (queries.row(q)[0] == bad) {
                    throw new IllegalStateException("bad query");
                  }
                }
                return scan.search(queries, options);
              }

              @Override
              public long bytes() {
                return 0;
              }
            };
        var search = new BatchingSearch(failing, source, limits);
        var stopped = new AtomicInteger();
        var refused = new AtomicInteger();
        crowd(
            virtual,
            random,
            (number, own) -> {
              for (int i = 0; i < 40; i++) {
                var query = TestVectors.gaussian(own, D);
                boolean guilty = number % 8 == 3 && own.nextInt(3) == 0;
                query[0] = guilty ? bad : query[0];
                var options = SearchOptions.nearest(5).withThreads(1);
                int kind = number % 5 == 4 ? own.nextInt(3) : 0;
                if (kind == 1) {
                  options = options.withDeadline(Duration.ofNanos(own.nextLong(2_000_000)));
                } else if (kind == 2) {
                  var left = new AtomicInteger(own.nextInt(4));
                  options = options.withCancel(() -> left.getAndDecrement() <= 0);
                }
                boolean interrupted = own.nextInt(6) == 0;
                if (interrupted) {
                  Thread.currentThread().interrupt();
                }
                try {
                  var found = search.search(VectorSource.single(query), options);
                  assertThat(guilty).isFalse();
                  assertThat(found.neighbors().getFirst().rows())
                      .isEqualTo(TestVectors.nearest(Metric.L2, query, rows, 5));
                } catch (SearchStoppedException e) {
                  assertThat(kind).as("%s", e).isNotZero();
                  assertThat(e)
                      .hasMessageStartingWith(
                          kind == 1
                              ? "the search reached its deadline: deadline="
                              : "the search was cancelled by its caller");
                  stopped.incrementAndGet();
                } catch (IllegalStateException e) {
                  assertThat(e).hasMessage("bad query");
                  assertThat(guilty).isTrue();
                  refused.incrementAndGet();
                }
                assertThat(Thread.interrupted()).isEqualTo(interrupted);
              }
            });
        assertThat(stopped.get()).isPositive();
        assertThat(refused.get()).isPositive();
        assertIdle(search, source);
      }
    }
  }

  @Test
  void search_manyThreads_areServedByFewerSearches(SplittableRandom random)
      throws InterruptedException {
    var rows = TestVectors.gaussians(random, N, D);
    try (var source = VectorSource.of(rows)) {
      var scan = new ExactScan(Kernels.inJava(), "test", new FlatData(source, Metric.L2, null));
      // Each search ends when enough others wait, or all others that there still are.
      var alive = new AtomicInteger(CLIENTS);
      var search = new BatchingSearch[1];
      var seen =
          new Seen(
              new Searcher() {
                @Override
                public SearchResult search(VectorSource queries, SearchOptions options) {
                  while (search[0].queued() < Math.min(10, alive.get() - queries.size())) {
                    LockSupport.parkNanos(100_000);
                  }
                  return scan.search(queries, options);
                }

                @Override
                public long bytes() {
                  return 0;
                }
              });
      var patient = BatchingOptions.DEFAULTS.withLatencyBound(Duration.ofMinutes(1));
      search[0] = new BatchingSearch(seen, source, patient);
      crowd(
          false,
          random,
          (_, own) -> {
            for (int i = 0; i < 20; i++) {
              var query = TestVectors.gaussian(own, D);
              var options = SearchOptions.nearest(3).withThreads(1);
              var found = search[0].search(VectorSource.single(query), options);
              assertThat(found.neighbors().getFirst().rows())
                  .isEqualTo(TestVectors.nearest(Metric.L2, query, rows, 3));
            }
            alive.decrementAndGet();
          });
      assertThat(seen.queries.get()).isEqualTo(CLIENTS * 20);
      assertThat(seen.calls.get()).isLessThan(CLIENTS * 20 / 5);
    }
  }
}
