package dev.kith.cuda.exact;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.backend.Backends;
import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.SharedGpu;
import dev.kith.cuda.device.Gpu;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Many threads at once, and sources that must make room for each other while they are searched. */
@Tag("gpu")
@ExtendWith(Seeded.class)
class CudaExactSearchCrowdGpuTest {
  private static final int THREADS = 8;
  private static final int ROUNDS = 40 * Seeded.effort();
  private static final TunedBackend BACKEND = new TunedBackend(Tuning.DEFAULT);

  @BeforeEach
  void requireGpu() {
    assertThat(SharedGpu.get().ledger().budget()).isPositive();
  }

  /** A source, its answers by the processor, and the search that is to give them too. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Known(
      VectorSource rows, CudaExactSearch search, @Nullable RowFilter filter, long[][] nearest) {
    static final int K = 10;
    static final int QUERIES = 40;

    static Known of(Gpu gpu, VectorSource rows, @Nullable RowFilter filter) {
      var cpu = Backends.bestBelow(BACKEND.priority());
      var options = options(filter).onBackend(cpu.name());
      var scan = requireNonNull(cpu.searcher(new FlatData(rows, Metric.L2, null)));
      var found = scan.search(rows.slice(0, QUERIES), options);
      var nearest = new long[QUERIES][];
      for (int q = 0; q < QUERIES; q++) {
        nearest[q] = found.neighbors().get(q).rows();
      }
      var search = new CudaExactSearch(gpu, BACKEND, new FlatData(rows, Metric.L2, null));
      return new Known(rows, search, filter, nearest);
    }

    static SearchOptions options(@Nullable RowFilter filter) {
      var all = SearchOptions.nearest(K);
      return filter == null ? all : all.among(filter);
    }

    /** Which backend gave the right answer. */
    String check(int first, int count, boolean forced) {
      var options = forced ? options(filter).onBackend("cuda") : options(filter);
      var result = search.search(rows.slice(first, count), options);
      for (int q = 0; q < count; q++) {
        assertThat(result.neighbors().get(q).rows()).isEqualTo(nearest[first + q]);
      }
      return result.report().backend();
    }
  }

  /** Runs a task on many threads; what one throws fails the test. */
  private static void crowd(SplittableRandom random, Consumer<SplittableRandom> task)
      throws InterruptedException {
    var failures = new ConcurrentLinkedQueue<Throwable>();
    var threads = new ArrayList<Thread>();
    for (int t = 0; t < THREADS; t++) {
      var own = random.split();
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      for (int round = 0; round < ROUNDS && failures.isEmpty(); round++) {
                        task.accept(own);
                      }
                    } catch (Throwable e) {
                      failures.add(e);
                    }
                  }));
    }
    for (var thread : threads) {
      thread.join();
    }
    assertThat(failures).isEmpty();
  }

  @Test
  void search_manyThreadsOnOneSource_eachGetsItsAnswers(SplittableRandom random)
      throws InterruptedException {
    try (var rows = VectorSource.of(TestVectors.gaussians(random, 20_000, 96))) {
      var filters =
          new RowFilter[] {
            null,
            RowFilter.of(20_000, row -> row % 3 > 0),
            RowFilter.of(20_000, row -> row % 50 == 1)
          };
      var known = new ArrayList<Known>();
      for (var filter : filters) {
        known.add(Known.of(SharedGpu.get(), rows, filter));
      }
      crowd(
          random,
          own -> {
            int first = own.nextInt(Known.QUERIES);
            int count = own.nextBoolean() ? 1 : 1 + own.nextInt(Known.QUERIES - first);
            assertThat(known.get(own.nextInt(known.size())).check(first, count, true))
                .isEqualTo("cuda");
          });
      known.forEach(each -> each.search.drop());
    }
  }

  /** Room for two of five: each search evicts what no other uses, or is handed on. */
  @Test
  void search_moreSourcesThanFit_areEvictedWhileOthersRunAndAnswersStayRight(
      SplittableRandom random) throws Exception {
    int size = 20_000;
    int d = 64;
    var sources = new ArrayList<VectorSource>();
    for (int s = 0; s < 5; s++) {
      sources.add(VectorSource.of(TestVectors.gaussians(random, size, d)));
    }
    long one = Resident.bytes(sources.getFirst(), size);
    try (var context = SharedGpu.get().device().open()) {
      var gpu = Gpu.on(context, 2 * one + (8L << 20));
      var known = new ArrayList<Known>();
      sources.forEach(rows -> known.add(Known.of(gpu, rows, null)));
      var onDevice = new AtomicInteger();
      var most = new AtomicLong();
      crowd(
          random,
          own -> {
            int first = own.nextInt(Known.QUERIES);
            var served = known.get(own.nextInt(known.size())).check(first, 1, false);
            onDevice.addAndGet(served.equals("cuda") ? 1 : 0);
            most.accumulateAndGet(gpu.ledger().used(), Math::max);
          });
      assertThat(onDevice.get()).as("searches on the device").isGreaterThan(THREADS * ROUNDS / 20);
      assertThat(most.get()).isBetween(one, gpu.ledger().budget());
      assertThat(known.stream().filter(each -> each.search.bytes() > 0).count())
          .as("sources that are still there")
          .isLessThan(known.size());
      known.forEach(each -> each.search.drop());
      assertThat(gpu.ledger().residents()).isZero();
    }
    sources.forEach(VectorSource::close);
  }

  /**
   * Graphs know addresses: of rows that were loaded anew, and of memory that another shape took.
   */
  @Test
  void search_sameShapesAgainAfterReloads_answersStayRight(SplittableRandom random)
      throws Exception {
    int size = 20_000;
    try (var first = VectorSource.of(TestVectors.gaussians(random, size, 64));
        var second = VectorSource.of(TestVectors.gaussians(random, size - 77, 64));
        var context = SharedGpu.get().device().open()) {
      var gpu = Gpu.on(context, Resident.bytes(first, size) * 3 / 2 + (3L << 20));
      var known = List.of(Known.of(gpu, first, null), Known.of(gpu, second, null));
      for (int round = 0; round < ROUNDS; round++) {
        var source = known.get(random.nextInt(2));
        int count = 1 + random.nextInt(DeviceSearch.FEW);
        for (int again = 0; again < 4; again++) { // noted, captured, replayed
          int from = random.nextInt(Known.QUERIES - count + 1);
          assertThat(source.check(from, count, true)).isEqualTo("cuda");
        }
      }
      assertThat(gpu.ledger().residents()).as("there is room for one").isEqualTo(1);
      known.forEach(each -> each.search.drop());
    }
  }
}
