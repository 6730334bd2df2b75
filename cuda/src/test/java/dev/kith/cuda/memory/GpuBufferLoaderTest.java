package dev.kith.cuda.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.testing.ForwardingRows;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorBlock;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.driver.Context;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.FakeCuda;
import dev.kith.cuda.memory.GpuBufferLoader.Part;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Over the stand-in of the driver, whose device memory is the host's. */
class GpuBufferLoaderTest extends GpuBufferLoaderContract {
  private FakeCuda fake;
  private Context context;

  @BeforeEach
  void open() throws Exception {
    fake = FakeCuda.fresh().set("quiet", 1); // many threads, and its notes are for one
    context = fake.open();
  }

  @Override
  Context device() {
    return context;
  }

  @Override
  @SuppressWarnings("restricted")
  void assertHas(long address, MemorySegment bytes) {
    var there = MemorySegment.ofAddress(address).reinterpret(bytes.byteSize());
    assertThat(there.mismatch(bytes)).as("first byte that differs").isEqualTo(-1);
  }

  @Test
  void load_whatCannotBe_isRefused(SplittableRandom random) {
    var ledger = new DeviceLedger(context, 1000);
    try (var loader = new GpuBufferLoader(context, ledger);
        var three = VectorSource.of(new float[3]);
        var four = VectorSource.of(new float[4]);
        var large = VectorSource.of(TestVectors.gaussians(random, 100, 10))) {
      assertThatThrownBy(() -> loader.load(List.of(), ElementType.FLOAT32))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("nothing to load: give at least one source");
      var both = List.of(new Part(three, null), new Part(four, null));
      assertThatThrownBy(() -> loader.load(both, ElementType.FLOAT32))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("sources loaded together must have one dimension: 3 (memory), 4 (memory)");
      assertThatThrownBy(() -> loader.load(List.of(new Part(three, null)), ElementType.UINT8))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "rows cannot be loaded as UINT8 unless they are stored so: load them as INT8");
      assertThatThrownBy(() -> loader.load(large))
          .isInstanceOf(DeviceBudgetException.class)
          .hasMessageStartingWith(
              "the device's memory must hold what is asked: for=memory, asked=4000 bytes, in"
                  + " use=0, budget=1000;");
      assertThat(ledger.used()).isZero();
    }
  }

  /** Rows that fail in the middle. */
  private record Failing(VectorSource rows, long from) implements ForwardingRows {
    @Override
    public VectorBlock block(long first, int count) {
      if (first >= from) {
        throw new IllegalStateException("the file is gone");
      }
      return rows.block(first, count);
    }
  }

  @Test
  void load_sourceFailsHalfway_throwsAndHoldsNothing(SplittableRandom random) {
    var ledger = new DeviceLedger(context, 1L << 30);
    try (var loader = new GpuBufferLoader(context, ledger);
        var source = VectorSource.of(TestVectors.gaussians(random, 40_000, 64))) {
      for (int round = 0; round < 20; round++) {
        assertThatThrownBy(() -> loader.load(new Failing(source, 20_000)))
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("the file is gone");
        assertThat(ledger.used()).isZero();
      }
      try (var buffer = loader.load(source)) {
        assertHas(buffer.address(), source.block(0, 40_000).data());
      }
    }
  }

  @Test
  void load_noPinnedMemory_throwsAndLeaksNothing() throws Exception {
    var noted = FakeCuda.fresh();
    var ledger = new DeviceLedger(noted.open(), 1L << 30);
    try (var loader = new GpuBufferLoader(noted.open(), ledger);
        var source = VectorSource.of(new float[3])) {
      noted.set("cuMemHostAlloc", 2);
      for (int round = 0; round < 3; round++) {
        assertThatThrownBy(() -> loader.load(source))
            .isInstanceOf(CudaException.class)
            .hasMessageContaining("out of memory");
      }
      assertThat(ledger.used()).isZero();
      assertThat(noted.allocated()).isZero();
      assertThat(noted.calls("cuStreamDestroy")).hasSize(noted.calls("cuStreamCreate").size());
    }
  }

  @Test
  void load_copyFails_throwsAndGivesTheMemoryBack() {
    var ledger = new DeviceLedger(context, 1L << 30);
    try (var loader = new GpuBufferLoader(context, ledger);
        var source = VectorSource.of(new float[3])) {
      fake.set("cuMemcpyHtoDAsync", 1);
      assertThatThrownBy(() -> loader.load(source)).isInstanceOf(CudaException.class);
      assertThat(ledger.used()).isZero();
      fake.set("cuMemcpyHtoDAsync", 0);
      loader.load(source).close();
    }
  }

  /** Threads that load are not left behind, and the interrupt is not lost. */
  @Test
  void load_interrupted_endsAndKeepsTheFlag(SplittableRandom random) {
    var ledger = new DeviceLedger(context, 1L << 30);
    try (var loader = new GpuBufferLoader(context, ledger);
        var source = VectorSource.of(TestVectors.gaussians(random, 40_000, 64))) {
      Thread.currentThread().interrupt();
      try (var buffer = loader.load(source)) {
        assertThat(Thread.interrupted()).isTrue();
        assertHas(buffer.address(), source.block(0, 40_000).data());
      }
    }
  }
}
