package dev.kith.cuda.exact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorBlock;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.CudaSegments;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.driver.FakeCuda;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is decided before and after kernels run, over the stand-in of the driver: its kernels do
 * nothing, so nothing here looks at an answer that came from them.
 */
@ExtendWith(Seeded.class)
class CudaExactSearchWithoutGpuTest {
  private static final TunedBackend BACKEND = new TunedBackend(Tuning.DEFAULT);

  /** Beyond what is too little for a device. */
  private static final int LARGE = 20_000;

  private static final int D = 64;

  @TempDir Path temp;

  private FakeCuda fake;

  @BeforeEach
  void open() {
    fake = FakeCuda.fresh().set("quiet", 1);
  }

  private Gpu gpu(long budget) throws Exception {
    try {
      return Gpu.on(fake.open(), budget);
    } catch (CudaUnavailableException e) {
      assumeTrue(false, e.reason());
      throw e;
    }
  }

  private static CudaExactSearch search(Gpu gpu, VectorSource rows, Tuning tuning) {
    return new CudaExactSearch(gpu, BACKEND, new FlatData(rows, Metric.L2, null), tuning);
  }

  private static SearchOptions forced(int k) {
    return SearchOptions.nearest(k).onBackend("cuda");
  }

  private static VectorSource rows(SplittableRandom random, int size) {
    return VectorSource.of(TestVectors.gaussians(random, size, D));
  }

  @Test
  void search_tooManyNeighbours_isRefusedIfForcedAndElseHandedOn(SplittableRandom random)
      throws Exception {
    try (var rows = rows(random, 2100)) {
      var search = search(gpu(1L << 30), rows, Tuning.DEFAULT);
      assertThatThrownBy(() -> search.search(rows.slice(0, 1), forced(2049)))
          .isInstanceOf(BackendUnavailableException.class)
          .hasMessage(
              "backend cuda cannot serve: k must be at most 2048 on the device: k=2049; ask for"
                  + " fewer or name no backend");
      var result = search.search(rows.slice(0, 1), SearchOptions.nearest(2049));
      assertThat(result.report().backend()).isNotEqualTo("cuda");
      assertThat(result.neighbors().getFirst().row(0)).isZero();
    }
  }

  @Test
  void search_tinyAndUnforced_isHandedOnWithoutLoading(SplittableRandom random) throws Exception {
    var gpu = gpu(1L << 30);
    try (var rows = rows(random, 100)) {
      var search = search(gpu, rows, Tuning.DEFAULT);
      var result = search.search(rows.slice(5, 1), SearchOptions.nearest(2));
      assertThat(result.report().backend()).isNotEqualTo("cuda");
      assertThat(result.neighbors().getFirst().row(0)).isEqualTo(5);
      assertThat(gpu.ledger().used()).isZero();
      assertThat(search.search(rows.slice(5, 1), forced(2)).report().backend()).isEqualTo("cuda");
      assertThat(search.bytes()).isPositive();
    }
  }

  @Test
  void search_budgetTooSmall_saysWhatItNeedsIfForcedAndElseIsHandedOn(SplittableRandom random)
      throws Exception {
    var gpu = gpu(10_000);
    try (var rows = rows(random, LARGE)) {
      var search = search(gpu, rows, Tuning.DEFAULT);
      assertThatThrownBy(() -> search.search(rows.slice(7, 1), forced(3)))
          .isInstanceOf(BackendUnavailableException.class)
          .hasMessageStartingWith(
              "backend cuda cannot serve: the device's memory must hold what is asked: for=")
          .hasMessageEndingWith("search fewer rows at once or raise -Dkith.cuda.budget");
      var result = search.search(rows.slice(7, 1), SearchOptions.nearest(3));
      assertThat(result.report().backend()).isNotEqualTo("cuda");
      assertThat(result.neighbors().getFirst().row(0)).isEqualTo(7);
      assertThat(gpu.ledger().used()).as("nothing is left behind").isZero();
    }
  }

  /** Of this budget lists may take those of five queries. */
  @Test
  void search_budgetForTheListsOfAFew_leavesThemNoMore(SplittableRandom random) throws Exception {
    var gpu = gpu(56L << 20);
    try (var rows = rows(random, 100_000)) { // 33 MiB, shadow and all
      var search = search(gpu, rows, Tuning.DEFAULT);
      var result = search.search(rows.slice(0, 10), forced(2048));
      assertThat(result.report().backend()).isEqualTo("cuda");
    }
  }

  /** Without a recording that asks for it, a search takes no events. */
  @Test
  void search_recordingThatAsksForIt_isTimedByEvents(SplittableRandom random) throws Exception {
    var gpu = gpu(1L << 30);
    try (var rows = rows(random, LARGE);
        var recording = new Recording()) {
      var search = search(gpu, rows, Tuning.DEFAULT);
      search.search(rows.slice(3, 5), forced(3));
      fake.set("quiet", 0);
      search.search(rows.slice(3, 5), forced(3));
      assertThat(fake.calls("cuEventCreate timed", "cuEventRecord")).isEmpty();
      recording.enable("dev.kith.GpuSearch");
      recording.start();
      search.search(rows.slice(3, 5), forced(3));
      search.search(rows.slice(3, 1), SearchOptions.nearest(2049)); // handed on
      recording.stop();
      assertThat(fake.calls("cuEventCreate timed")).hasSize(4);
      assertThat(fake.calls("cuEventRecord")).hasSize(4);
      assertThat(fake.calls("cuEventDestroy")).hasSize(4);
      assertThat(recorded(recording)).hasSize(1);
      var event = recorded(recording).getFirst();
      assertThat(event.getLong("queries")).isEqualTo(5);
      // The stand-in's events are as many milliseconds apart as their handles: 16.
      assertThat(event.getLong("kernelNanos")).isEqualTo(16_000_000);
      assertThat(event.getLong("copyNanos")).isEqualTo(32_000_000);
    }
  }

  /** Half of the queries were answered on the device; then they all are elsewhere. */
  @Test
  void search_recordedAndFailsBetweenGroups_isNoSearchOnTheDevice(SplittableRandom random)
      throws Exception {
    var gpu = gpu(40L << 20); // room for the lists of some 60 queries
    try (var rows = rows(random, LARGE);
        var recording = new Recording()) {
      var search = search(gpu, rows, Tuning.DEFAULT);
      fake.set("quiet", 0);
      var options =
          SearchOptions.nearest(3)
              .withCancel(
                  () -> {
                    boolean answered = !fake.calls("cuMemcpyDtoHAsync").isEmpty();
                    fake.set("cuLaunchKernel", answered ? 1 : 0);
                    return false;
                  });
      recording.enable("dev.kith.GpuSearch");
      recording.start();
      var result = search.search(rows.slice(7, 100), options);
      recording.stop();
      assertThat(result.report().backend()).isNotEqualTo("cuda");
      assertThat(result.neighbors().getFirst().row(0)).isEqualTo(7);
      assertThat(fake.calls("cuMemcpyDtoHAsync")).as("answered before it failed").isNotEmpty();
      assertThat(recorded(recording)).isEmpty();
    }
  }

  private List<RecordedEvent> recorded(Recording recording) throws IOException {
    var file = temp.resolve("searches.jfr");
    recording.dump(file);
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().equals("dev.kith.GpuSearch"))
        .toList();
  }

  /** Then and later: no search meets the dead context again, and none fails that need not. */
  @Test
  void search_contextLost_isHandedOnFromThenOn(SplittableRandom random) throws Exception {
    var gpu = gpu(1L << 30);
    try (var rows = rows(random, LARGE)) {
      var search = search(gpu, rows, Tuning.DEFAULT);
      assertThat(search.search(rows.slice(7, 1), forced(3)).report().backend()).isEqualTo("cuda");
      fake.set("lost", 700);
      assertThatThrownBy(() -> search.search(rows.slice(7, 1), forced(3)))
          .isInstanceOf(BackendUnavailableException.class)
          .hasMessageContaining("an illegal memory access was encountered");
      assertThat(gpu.lost()).startsWith("the GPU's context was lost (");
      for (var each : new CudaExactSearch[] {search, search(gpu, rows, Tuning.DEFAULT)}) {
        assertThatThrownBy(() -> each.search(rows.slice(7, 1), forced(3)))
            .isInstanceOf(BackendUnavailableException.class)
            .hasMessageStartingWith("backend cuda cannot serve: the GPU's context was lost (")
            .hasMessageEndingWith("); start the process again to use it");
        var result = each.search(rows.slice(7, 1), SearchOptions.nearest(3));
        assertThat(result.report().backend()).isNotEqualTo("cuda");
        assertThat(result.neighbors().getFirst().row(0)).isEqualTo(7);
      }
    }
  }

  @Test
  void search_twoSourcesAndRoomForOne_loadsTheOneThatIsSearched(SplittableRandom random)
      throws Exception {
    try (var first = rows(random, LARGE);
        var second = rows(random, LARGE)) {
      var gpu = gpu(Resident.bytes(first, LARGE) * 9 / 5); // and what a search takes for itself
      var one = search(gpu, first, Tuning.DEFAULT);
      var two = search(gpu, second, Tuning.DEFAULT);
      for (int round = 0; round < 3; round++) {
        one.search(first.slice(0, 1), forced(3));
        assertThat(one.bytes()).isPositive();
        assertThat(two.bytes()).isZero();
        two.search(second.slice(0, 1), forced(3));
        assertThat(one.bytes()).isZero();
        assertThat(two.bytes()).isPositive();
        assertThat(gpu.ledger().used()).isLessThanOrEqualTo(gpu.ledger().budget());
      }
      assertThat(gpu.ledger().residents()).isEqualTo(1);
    }
  }

  @Test
  void search_afterDrop_loadsForItselfAloneAndLeavesNothing(SplittableRandom random)
      throws Exception {
    var gpu = gpu(1L << 30);
    try (var rows = rows(random, LARGE)) {
      var search = search(gpu, rows, Tuning.DEFAULT);
      search.search(rows.slice(0, 1), forced(3));
      long loaded = gpu.ledger().used();
      long copy = loaded - search.bytes();
      search.drop();
      assertThat(search.bytes()).isZero();
      assertThat(gpu.ledger().used()).isBetween(copy - 4096, copy);
      for (int round = 0; round < 3; round++) {
        search.search(rows.slice(0, 1), forced(3));
        assertThat(search.bytes()).isZero();
        assertThat(gpu.ledger().residents()).isZero();
      }
    }
  }

  /** Rows whose later ones take their time. */
  private record Slow(VectorSource rows, long from, AtomicInteger reading, AtomicInteger reads)
      implements VectorSource {
    @Override
    public String name() {
      return rows.name();
    }

    @Override
    public long size() {
      return rows.size();
    }

    @Override
    public int dimension() {
      return rows.dimension();
    }

    @Override
    public ElementType elementType() {
      return rows.elementType();
    }

    @Override
    public VectorBlock block(long first, int count) {
      if (first < from || count == 1) { // one row: the sample that a centre is chosen by
        return rows.block(first, count);
      }
      reading.incrementAndGet();
      try {
        reads.incrementAndGet();
        Thread.sleep(300);
        return rows.block(first, count);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      } finally {
        reading.decrementAndGet();
      }
    }

    @Override
    public long offsetOf(long row, int element) {
      return rows.offsetOf(row, element);
    }

    @Override
    public void close() {}
  }

  /** Who closes the rows after a search that was stopped must not meet one who still reads them. */
  @Test
  void search_streamedAndCancelled_readsNoRowsWhenItHasThrown(SplittableRandom random)
      throws Exception {
    var gpu = gpu(1L << 30);
    int chunk = 64 * 64;
    try (var rows = rows(random, 3 * chunk)) {
      var slow = new Slow(rows, chunk, new AtomicInteger(), new AtomicInteger());
      var search = search(gpu, slow, new Tuning(true, chunk));
      var asked = new AtomicInteger();
      var options = forced(3).withCancel(() -> asked.incrementAndGet() > 1);
      assertThatThrownBy(() -> search.search(rows.slice(0, 1), options))
          .isInstanceOf(SearchStoppedException.class);
      assertThat(slow.reads.get()).as("the second chunk was on its way").isEqualTo(1);
      assertThat(slow.reading.get()).as("who still reads").isZero();
      assertThat(gpu.ledger().used()).as("both chunks are gone").isZero();
    }
  }

  @Test
  void search_streamedSourceFails_throwsAndLeavesNothing(SplittableRandom random) throws Exception {
    var gpu = gpu(1L << 30);
    int chunk = 64 * 64;
    var rows = rows(random, 3 * chunk);
    var search = search(gpu, rows, new Tuning(true, chunk));
    search.search(rows.slice(0, 1), forced(3));
    long idle = gpu.ledger().used();
    var query = VectorSource.single(new float[D]);
    rows.close();
    assertThatThrownBy(() -> search.search(query, forced(3)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(gpu.ledger().used()).isEqualTo(idle);
  }

  @Test
  void search_noRowMayBeReturned_answersWithoutLoading(SplittableRandom random) throws Exception {
    var gpu = gpu(1L << 30);
    try (var rows = rows(random, 300)) {
      var search = search(gpu, rows, Tuning.DEFAULT);
      var none = RowFilter.of(300, _ -> false);
      var result = search.search(rows.slice(0, 2), forced(3).among(none));
      assertThat(result.neighbors()).hasSize(2).allMatch(found -> found.size() == 0);
      assertThat(gpu.ledger().used()).isZero();
      assertThatThrownBy(
              () -> search.search(rows.slice(0, 2), forced(3).among(RowFilter.of(299, _ -> true))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "a filter must have a bit for each row of the source: bits=299, rows=300 (memory)");
    }
  }

  /** Whatever call fails, and whenever: a forced search says which, others are served elsewhere. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "cuMemAlloc",
        "cuMemHostAlloc",
        "cuStreamCreate",
        "cuEventCreate",
        "cuEventRecord",
        "cuMemcpyHtoDAsync",
        "cuMemcpyDtoHAsync",
        "cuMemsetD32Async",
        "cuLaunchKernel",
        "cuStreamSynchronize",
        "cuTensorMapEncodeTiled",
        "cuFuncSetAttribute"
      })
  void search_anyCallFails_isHandedOnAndLeaksNothing(String call, SplittableRandom random)
      throws Exception {
    fake.set("quiet", 0); // few rows, so one thread loads
    try (var rows = rows(random, 3000)) {
      var query = rows.slice(7, 1100); // so many that Hopper's products have tiles enough
      for (boolean loaded : new boolean[] {false, true}) {
        var gpu = gpu(1L << 30);
        var search = search(gpu, rows, Tuning.DEFAULT);
        if (loaded) {
          assertThat(search.search(query, forced(3)).report().backend()).isEqualTo("cuda");
        }
        fake.set(call, 1);
        var open = new ArrayList<String>();
        int failures = 0;
        for (int round = 0; round < 3; round++) {
          try {
            search.search(query, forced(3));
          } catch (BackendUnavailableException e) {
            assertThat(e)
                .hasMessageStartingWith("backend cuda cannot serve: " + call)
                .hasMessageEndingWith("failed: invalid argument (CUDA_ERROR_INVALID_VALUE)");
            failures++;
          }
          var result = search.search(query, SearchOptions.nearest(3));
          assertThat(result.report().backend().equals("cuda")).isEqualTo(failures == 0);
          if (failures > 0) {
            assertThat(result.neighbors().getFirst().row(0)).isEqualTo(7);
          }
          open.add(
              "memory %d, streams %d, used %d"
                  .formatted(
                      fake.allocated(),
                      call.equals("cuStreamCreate") // those that failed are noted, too
                          ? 0
                          : fake.calls("cuStreamCreate").size()
                              - fake.calls("cuStreamDestroy").size(),
                      gpu.ledger().used()));
        }
        assertThat(failures).as("all or none: loaded=%s", loaded).isIn(0, 3);
        assertThat(loaded || failures == 3).as("a load needs it").isTrue();
        assertThat(open.get(2)).as("no more than after one failure").isEqualTo(open.get(0));
        fake.set(call, 0);
        assertThat(search.search(query, forced(3)).report().backend()).isEqualTo("cuda");
        search.drop();
      }
    }
  }

  @Test
  void search_interrupted_answersAndKeepsTheFlag(SplittableRandom random) throws Exception {
    try (var rows = rows(random, 3 * 4096)) {
      var gpu = gpu(1L << 30);
      for (int chunk : new int[] {0, 4096}) {
        Thread.currentThread().interrupt();
        var search = search(gpu, rows, new Tuning(true, chunk));
        assertThat(search.search(rows.slice(0, 1), forced(3)).report().backend()).isEqualTo("cuda");
        assertThat(Thread.interrupted()).isTrue();
      }
    }
  }

  /** By the rows' identity, and only those. */
  @Test
  void gone_segment_freesTheCopiesOfItsRows(SplittableRandom random) throws Exception {
    var gpu = gpu(1L << 30);
    try (var first = rows(random, 3000);
        var second = rows(random, 3000)) {
      var listener = new CudaSegments();
      var key = new Object();
      var searches =
          new CudaExactSearch[] {
            search(gpu, first, Tuning.DEFAULT),
            search(gpu, first, Tuning.DEFAULT),
            search(gpu, second, Tuning.DEFAULT)
          };
      listener.appeared(key, "vector", first, Metric.L2);
      for (var search : searches) {
        DeviceCopies.add(search);
        search.search(first.slice(0, 1), forced(3));
        assertThat(search.bytes()).isPositive();
      }
      listener.gone(new Object());
      DeviceCopies.awaitFreed();
      assertThat(gpu.ledger().residents()).isEqualTo(3);
      listener.gone(key);
      listener.gone(key);
      DeviceCopies.awaitFreed();
      assertThat(searches[0].bytes()).isZero();
      assertThat(searches[1].bytes()).isZero();
      assertThat(searches[2].bytes()).isPositive();
      assertThat(gpu.ledger().residents()).isEqualTo(1);
    }
  }

  /** What one copy meets does not keep the others. */
  @Test
  void gone_memoryCannotBeFreed_letsGoOfEveryCopy(SplittableRandom random) throws Exception {
    var gpu = gpu(1L << 30);
    try (var rows = rows(random, 3000)) {
      var key = new Object();
      var searches =
          new CudaExactSearch[] {
            search(gpu, rows, Tuning.DEFAULT), search(gpu, rows, Tuning.DEFAULT)
          };
      DeviceCopies.appeared(key, rows);
      for (var search : searches) {
        DeviceCopies.add(search);
        search.search(rows.slice(0, 1), forced(3));
      }
      fake.set("cuMemFree", 1);
      DeviceCopies.gone(key);
      DeviceCopies.awaitFreed();
      fake.set("cuMemFree", 0);
      assertThat(searches[0].bytes()).isZero();
      assertThat(searches[1].bytes()).isZero();
    }
  }
}
