package dev.kith.cuda.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Int8Shadow;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.testing.ForwardingRows;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.Crowd;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.DeviceMemory;
import dev.kith.cuda.driver.FakeCuda;
import dev.kith.cuda.kernels.KernelImages;
import dev.kith.cuda.memory.DeviceBudgetException;
import dev.kith.cuda.memory.DevicePart;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Over the stand-in of the driver, whose kernels do nothing: holders of memory, and for how long
 * they hold it.
 */
@ExtendWith(Seeded.class)
class DeviceStoreTest {
  private static final int N = 1000;
  private static final int D = 64;
  private static final long ROWS_BYTES = 4L * D * N;

  private final FakeCuda fake = FakeCuda.fresh().set("quiet", 1);
  private Gpu gpu;
  private DeviceStore store;

  @BeforeEach
  void open() throws Exception {
    assumeTrue(KernelImages.class.getResource("encode.fatbin") != null, "built without nvcc");
    open(1L << 30);
  }

  private void open(long budget) throws Exception {
    gpu = Gpu.on(fake.open(), budget);
    store = DeviceStore.of(gpu);
  }

  private static VectorSource rows(SplittableRandom random) {
    return VectorSource.of(TestVectors.gaussians(random, N, D));
  }

  private Borrowed<DeviceCodes> codes(VectorSource rows, Metric metric) {
    return store.codes(rows, metric, store.centre(rows, metric));
  }

  /** Equal to every other: a store must not take two of them for one. */
  private record Equal(VectorSource rows) implements ForwardingRows {
    @Override
    public boolean equals(Object other) {
      return other instanceof Equal;
    }

    @Override
    public int hashCode() {
      return 1;
    }
  }

  @Test
  void of_sameGpu_isTheSameStore() throws Exception {
    assertThat(DeviceStore.of(gpu)).isEqualTo(store);
    assertThat(DeviceStore.of(Gpu.on(gpu.context(), 1000))).isNotEqualTo(store);
  }

  @Test
  void codes_borrowedTwice_areLoadedOnce(SplittableRandom random) {
    try (var rows = rows(random);
        var first = codes(rows, Metric.L2);
        var second = codes(rows, Metric.L2)) {
      assertThat(second.part()).isEqualTo(first.part());
      assertThat(store.bytes(rows)).isEqualTo(ROWS_BYTES + first.part().bytes());
      assertThat(gpu.ledger().used()).isEqualTo(store.bytes(rows));
      assertThat(gpu.ledger().evictables()).isEqualTo(2);
    }
  }

  @Test
  void codes_ofMetricsAndCentres_shareTheRows(SplittableRandom random) {
    try (var rows = rows(random);
        var l2 = codes(rows, Metric.L2);
        var dot = codes(rows, Metric.DOT);
        var other = store.codes(rows, Metric.L2, Centre.of(TestVectors.gaussian(random, D)));
        var alone = store.rows(rows)) {
      assertThat(List.of(l2.part(), dot.part(), other.part())).doesNotHaveDuplicates();
      assertThat(List.of(l2.part().rows(), dot.part().rows(), other.part().rows()))
          .containsOnly(alone.part());
      assertThat(store.bytes(rows)).isEqualTo(ROWS_BYTES + 3 * l2.part().bytes());
    }
  }

  /** The same elements, wherever they come from, are the same centre. */
  @Test
  void centre_chosenOrOfTheProcessorsShadow_isOne(SplittableRandom random) {
    float[][] vectors = TestVectors.gaussians(random, N, D);
    for (float[] vector : vectors) {
      vector[0] += 100; // a centre is worth having
    }
    try (var rows = VectorSource.of(vectors)) {
      for (var metric : Metric.values()) {
        var shadow = (Int8Shadow) Quantizer.INT8.encode(rows, metric);
        assertThat(shadow.centred()).isTrue();
        assertThat(store.centre(rows, metric)).isEqualTo(Centre.of(shadow));
        assertThat(store.centre(rows, metric).elements()).isEqualTo(shadow.centre());
      }
      assertThat(Centre.of(1, 2)).isNotEqualTo(Centre.of(1, 3));
    }
  }

  @Test
  void rows_ofSourcesThatAreEqual_areToldApart(SplittableRandom random) {
    try (var memory = rows(random)) {
      var one = new Equal(memory);
      var two = new Equal(memory);
      assertThat(one).isEqualTo(two);
      try (var first = store.rows(one);
          var second = store.rows(two)) {
        assertThat(second.part()).isNotEqualTo(first.part());
      }
      store.release(one);
      assertThat(store.bytes(one)).isZero();
      assertThat(store.bytes(two)).isEqualTo(ROWS_BYTES);
    }
  }

  @Test
  void release_whatIsBorrowed_goesWhenItComesBack(SplittableRandom random) {
    try (var rows = rows(random)) {
      var first = codes(rows, Metric.L2);
      var second = codes(rows, Metric.L2);
      store.release(rows);
      assertThat(store.bytes(rows)).isPositive();
      first.close();
      first.close(); // gives nothing back a second time
      assertThat(store.bytes(rows)).isPositive();
      assertThat(second.part().codesAddress()).isNotZero();
      second.close();
      assertThat(store.bytes(rows)).isZero();
      assertThat(gpu.ledger().used()).isZero();
      assertThat(gpu.ledger().evictables()).isZero();
      codes(rows, Metric.L2).close();
      assertThat(store.bytes(rows)).as("loaded anew, and kept").isPositive();
    }
  }

  @Test
  void gone_laterLoads_leaveNothing(SplittableRandom random) {
    try (var rows = rows(random)) {
      codes(rows, Metric.L2).close();
      store.gone(rows);
      assertThat(gpu.ledger().used()).isZero();
      var borrowed = codes(rows, Metric.L2);
      assertThat(store.bytes(rows)).isPositive();
      borrowed.close();
      assertThat(gpu.ledger().used()).isZero();
      assertThat(gpu.ledger().evictables()).isZero();
    }
  }

  /** Codes go first: they are made anew without the link. Then rows, which codes held. */
  @Test
  void evict_roomWanted_takesCodesBeforeRowsAndNothingThatIsBorrowed(SplittableRandom random)
      throws Exception {
    try (var rows = rows(random);
        var other = rows(random)) {
      long codesBytes;
      try (var measured = codes(rows, Metric.L2)) {
        codesBytes = measured.part().bytes();
      }
      open(2 * ROWS_BYTES + 2 * codesBytes);
      codes(rows, Metric.L2).close();
      codes(other, Metric.L2).close();
      var ledger = gpu.ledger();
      assertThat(ledger.used()).isEqualTo(ledger.budget());
      DeviceMemory taken = ledger.take(codesBytes, "lists");
      assertThat(store.bytes(rows)).isEqualTo(ROWS_BYTES);
      assertThat(store.bytes(other)).isEqualTo(ROWS_BYTES + codesBytes);
      ledger.give(taken);
      try (var borrowed = codes(other, Metric.L2)) {
        taken = ledger.take(ROWS_BYTES + codesBytes, "lists");
        assertThat(store.bytes(rows)).isZero();
        assertThat(store.bytes(other)).isEqualTo(ROWS_BYTES + borrowed.part().bytes());
        assertThatThrownBy(() -> ledger.take(1, "more")).isInstanceOf(DeviceBudgetException.class);
      }
      ledger.give(taken);
      ledger.take(ledger.budget(), "everything");
      assertThat(store.bytes(other)).isZero();
      assertThat(ledger.evictables()).isZero();
    }
  }

  /** The store itself holds no source. */
  @Test
  void source_thatNobodyHolds_losesItsCopies(SplittableRandom random) throws Exception {
    borrowAndForget(random);
    assertThat(gpu.ledger().used()).isPositive();
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (gpu.ledger().used() > 0 && System.nanoTime() < deadline) {
      System.gc();
      Thread.sleep(20);
    }
    assertThat(gpu.ledger().used()).isZero();
    assertThat(gpu.ledger().evictables()).isZero();
  }

  private void borrowAndForget(SplittableRandom random) {
    var rows = rows(random);
    for (var metric : Metric.values()) {
      codes(rows, metric).close();
    }
    // Not closed: nobody can any more.
  }

  /** Counts loads, and takes its time. */
  private static final class Counted implements DevicePart {
    static final AtomicInteger LOADS = new AtomicInteger();
    static final AtomicInteger CLOSED = new AtomicInteger();

    Counted() {
      LOADS.incrementAndGet();
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public long bytes() {
      return 7;
    }

    @Override
    public void close() {
      CLOSED.incrementAndGet();
    }
  }

  /** Graphs and lists will be parts of their own. */
  @Test
  void borrow_anyPartByManyThreads_isLoadedByOne(SplittableRandom random) throws Exception {
    Counted.LOADS.set(0);
    Counted.CLOSED.set(0);
    try (var rows = rows(random)) {
      var name = new PartName<>(Counted.class, "graph(m=16)");
      var borrowed = Crowd.atOnce(() -> store.borrow(rows, name, Counted::new));
      assertThat(borrowed).hasSize(Crowd.SIZE);
      assertThat(Counted.LOADS).hasValue(1);
      assertThat(store.bytes(rows)).isEqualTo(7);
      store.release(rows);
      borrowed.forEach(Borrowed::close);
      assertThat(Counted.CLOSED).hasValue(1);
    }
  }

  @Test
  void borrow_loadFails_leavesThePlaceEmptyAndTriesAgain(SplittableRandom random) {
    try (var rows = rows(random)) {
      fake.set("cuLaunchKernel", 1);
      assertThatThrownBy(() -> codes(rows, Metric.L2)).hasMessageContaining("cuLaunchKernel");
      fake.set("cuLaunchKernel", 0);
      assertThat(store.bytes(rows)).as("the rows, which are whole").isEqualTo(ROWS_BYTES);
      try (var borrowed = codes(rows, Metric.L2)) {
        assertThat(borrowed.part().size()).isEqualTo(N);
      }
      store.release(rows);
      assertThat(gpu.ledger().used()).isZero();
    }
  }
}
