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
import dev.kith.core.testing.ForwardingRows;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorBlock;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.CudaSegments;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.driver.FakeCuda;
import dev.kith.cuda.store.DeviceCodes;
import dev.kith.cuda.store.DeviceSegments;
import dev.kith.cuda.store.DeviceStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
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
  /** Beyond what is too little for a device. */
  private static final int LARGE = 20_000;

  private static final int D = 64;

  @TempDir Path temp;

  private FakeCuda fake;

  @BeforeEach
  void open() {
    fake = FakeCuda.fresh().set("quiet", 1);
  }

  /** A GPU with its kernels loaded, so that no test depends on what another loaded before. */
  private Gpu gpu(long budget) throws Exception {
    var gpu = Gpu.on(fake.open(), budget);
    try {
      CudaExactSearch.loadKernels(gpu);
      return gpu;
    } catch (CudaUnavailableException e) {
      assumeTrue(false, e.reason());
      throw e;
    }
  }

  private static CudaExactSearch search(Gpu gpu, VectorSource rows, Tuning tuning) {
    return new CudaExactSearch(gpu, new FlatData(rows, Metric.L2, null), tuning);
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
    try (var rows = rows(random, 4200)) {
      var search = search(gpu(1L << 30), rows, Tuning.DEFAULT);
      assertThatThrownBy(() -> search.search(rows.slice(0, 1), forced(4097)))
          .isInstanceOf(BackendUnavailableException.class)
          .hasMessage(
              "backend cuda cannot serve: k must be at most 4096 on the device: k=4097; ask for"
                  + " fewer or name no backend");
      var result = search.search(rows.slice(0, 1), SearchOptions.nearest(4097));
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
      search.search(rows.slice(3, 1), SearchOptions.nearest(4097)); // handed on
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
      var gpu = gpu(DeviceCodes.bytes(first, LARGE) * 9 / 5); // and what a search takes for itself
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
      assertThat(gpu.ledger().evictables()).as("rows and codes of one").isEqualTo(2);
    }
  }

  @Test
  void search_sourceThatIsGone_loadsForItselfAloneAndLeavesNothing(SplittableRandom random)
      throws Exception {
    var gpu = gpu(1L << 30);
    try (var rows = rows(random, LARGE)) {
      var search = search(gpu, rows, Tuning.DEFAULT);
      search.search(rows.slice(0, 1), forced(3));
      long loaded = gpu.ledger().used();
      long copy = loaded - search.bytes();
      DeviceStore.of(gpu).gone(rows);
      assertThat(search.bytes()).isZero();
      assertThat(gpu.ledger().used()).isBetween(copy - 4096, copy);
      for (int round = 0; round < 3; round++) {
        search.search(rows.slice(0, 1), forced(3));
        assertThat(search.bytes()).isZero();
        assertThat(gpu.ledger().evictables()).isZero();
      }
    }
  }

  /** Rows whose later ones take their time. */
  private record Slow(VectorSource rows, long from, AtomicInteger reading, AtomicInteger reads)
      implements ForwardingRows {
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
        DeviceStore.of(gpu).release(rows);
        assertThat(gpu.ledger().evictables()).isZero();
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

  @Test
  void search_severalSearchesOfOneSource_loadItOnce(SplittableRandom random) throws Exception {
    var gpu = gpu(1L << 30);
    try (var rows = rows(random, LARGE)) {
      var first = search(gpu, rows, Tuning.DEFAULT);
      first.search(rows.slice(0, 1), forced(3));
      long used = gpu.ledger().used();
      fake.set("quiet", 0);
      var second = search(gpu, rows, Tuning.DEFAULT);
      second.search(rows.slice(0, 1), forced(3));
      assertThat(fake.calls("cuMemAlloc")).isEmpty();
      assertThat(gpu.ledger().used()).isEqualTo(used);
      assertThat(second.bytes()).isEqualTo(first.bytes());
      // For another metric codes are made, of rows that are there.
      new CudaExactSearch(gpu, new FlatData(rows, Metric.DOT, null))
          .search(rows.slice(0, 1), forced(3));
      assertThat(fake.calls("cuMemAlloc")).hasSize(1);
      assertThat(gpu.ledger().used() - used).isLessThan((long) LARGE * D * Float.BYTES);
    }
  }

  /** Rows that count how many of them are read. */
  private record Counting(VectorSource rows, AtomicLong read) implements ForwardingRows {
    @Override
    public VectorBlock block(long first, int count) {
      read.addAndGet(count);
      return rows.block(first, count);
    }
  }

  /** The processor codes nothing: of the centre it wants a sample, the device the rows once. */
  @Test
  void search_withoutAShadow_readsASampleForTheCentreAndTheRowsOnce(SplittableRandom random)
      throws Exception {
    var gpu = gpu(1L << 30);
    try (var memory = rows(random, LARGE)) {
      var rows = new Counting(memory, new AtomicLong());
      var search = search(gpu, rows, Tuning.DEFAULT);
      search.search(memory.slice(0, 1), forced(3));
      long sample = 2048 + 2 * (2048 / 4); // for a mean, and for bounds with it and without
      assertThat(rows.read.get()).isBetween((long) LARGE, LARGE + sample + 1);
      rows.read.set(0);
      search.search(memory.slice(0, 40), forced(3));
      search(gpu, rows, Tuning.DEFAULT).search(memory.slice(0, 1), forced(3));
      assertThat(rows.read.get()).as("whether the source is open, twice").isEqualTo(2);
    }
  }

  /** Each row once a query; the stand-in's kernels find no bound too loose. */
  @Test
  void search_report_countsTheRowsThatWereRead(SplittableRandom random) throws Exception {
    var gpu = gpu(1L << 30);
    try (var rows = rows(random, LARGE)) {
      for (int chunk : new int[] {0, 4096}) {
        var search = search(gpu, rows, new Tuning(true, chunk));
        for (int count : new int[] {1, 3, 40}) {
          var all = search.search(rows.slice(0, count), forced(3));
          assertThat(all.report().work().rowsRead()).isEqualTo((long) count * LARGE);
          assertThat(all.report().bounds()).containsExactly("int8");
          for (int share : new int[] {2, 100, 1000}) {
            var filter = RowFilter.of(LARGE, row -> row % share == 1);
            var some = search.search(rows.slice(0, count), forced(3).among(filter));
            assertThat(some.report().work().rowsRead()).isEqualTo(count * filter.count());
          }
        }
      }
    }
  }

  /** A collection asks for one more than its limit, to see whether there are ties. */
  @Test
  void search_limitOfACollectionAndOneMore_staysOnTheDevice(SplittableRandom random)
      throws Exception {
    try (var rows = rows(random, LARGE)) {
      var search = search(gpu(1L << 30), rows, Tuning.DEFAULT);
      for (int k : new int[] {2048, 2049, 4096}) {
        for (int count : new int[] {1, 40}) {
          var result = search.search(rows.slice(0, count), SearchOptions.nearest(k));
          assertThat(result.report().backend()).as("k=%d", k).isEqualTo("cuda");
        }
      }
    }
  }

  @Test
  void search_sourceWasClosed_throwsAndFreesItsCopy(SplittableRandom random) throws Exception {
    var gpu = gpu(1L << 30);
    var rows = rows(random, LARGE);
    var search = search(gpu, rows, Tuning.DEFAULT);
    search.search(rows.slice(0, 1), forced(3));
    assertThat(search.bytes()).isPositive();
    var query = VectorSource.single(new float[D]);
    rows.close();
    assertThatThrownBy(() -> search.search(query, forced(3)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(search.bytes()).isZero();
    assertThat(gpu.ledger().evictables()).isZero();
  }

  /** What is handed on is so in one line, and the reason stays. */
  @Test
  void search_kernelsCannotBeLoaded_saysWhichIfForcedAndElseIsHandedOn(SplittableRandom random)
      throws Exception {
    gpu(1L << 30); // skips the test where there are no images
    var gpu = Gpu.on(fake.open(), 1L << 30);
    fake.set("offset of Bound.metric", 20);
    try (var rows = rows(random, LARGE)) {
      var search = search(gpu, rows, Tuning.DEFAULT);
      for (int round = 0; round < 2; round++) {
        assertThatThrownBy(() -> search.search(rows.slice(7, 1), forced(3)))
            .isInstanceOf(BackendUnavailableException.class)
            .hasMessage(
                "backend cuda cannot serve: its kernels of encode cannot be loaded: the image of"
                    + " encode must lay out structs as this jar's Java does: field=Bound.metric,"
                    + " expected 4 bytes at 16, found 4 at 20; build Kith again");
        var result = search.search(rows.slice(7, 1), SearchOptions.nearest(3));
        assertThat(result.report().backend()).isNotEqualTo("cuda");
        assertThat(result.neighbors().getFirst().row(0)).isEqualTo(7);
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
        search.search(first.slice(0, 1), forced(3));
        assertThat(search.bytes()).isPositive();
      }
      listener.gone(new Object());
      DeviceSegments.awaitFreed();
      assertThat(gpu.ledger().evictables()).as("rows and codes of two sources").isEqualTo(4);
      listener.gone(key);
      listener.gone(key);
      DeviceSegments.awaitFreed();
      assertThat(searches[0].bytes()).isZero();
      assertThat(searches[1].bytes()).isZero();
      assertThat(searches[2].bytes()).isPositive();
      assertThat(gpu.ledger().evictables()).isEqualTo(2);
    }
  }

  /** What one part meets does not keep the others. */
  @Test
  void gone_memoryCannotBeFreed_letsGoOfEveryPart(SplittableRandom random) throws Exception {
    var gpu = gpu(1L << 30);
    try (var rows = rows(random, 3000)) {
      var key = new Object();
      DeviceSegments.appeared(key, rows);
      var searches = new ArrayList<CudaExactSearch>();
      for (var metric : Metric.values()) {
        var search = new CudaExactSearch(gpu, new FlatData(rows, metric, null));
        search.search(rows.slice(0, 1), forced(3));
        searches.add(search);
      }
      assertThat(gpu.ledger().evictables())
          .as("codes for each metric, one copy of rows")
          .isEqualTo(4);
      fake.set("cuMemFree", 1);
      DeviceSegments.gone(key);
      DeviceSegments.awaitFreed();
      fake.set("cuMemFree", 0);
      assertThat(searches).extracting(CudaExactSearch::bytes).containsOnly(0L);
      assertThat(gpu.ledger().evictables()).isZero();
    }
  }
}
