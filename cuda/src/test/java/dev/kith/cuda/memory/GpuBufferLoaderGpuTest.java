package dev.kith.cuda.memory;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.cuda.SharedGpu;
import dev.kith.cuda.driver.Arguments;
import dev.kith.cuda.driver.Context;
import dev.kith.cuda.kernels.Checksum;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/** On a device: its own checksum tells what it has, and the bytes come back. */
@Tag("gpu")
class GpuBufferLoaderGpuTest extends GpuBufferLoaderContract {
  @BeforeEach
  void requireGpu() {
    assertThat(SharedGpu.get().ledger().budget()).isPositive();
  }

  @Override
  Context device() {
    return SharedGpu.get().context();
  }

  @Override
  void assertHas(long address, MemorySegment bytes) {
    var gpu = SharedGpu.get();
    try (var arena = Arena.ofConfined();
        var stream = gpu.context().stream();
        var sum = gpu.context().allocate(JAVA_LONG.byteSize())) {
      long words = bytes.byteSize() / JAVA_INT.byteSize();
      var host = arena.allocate(JAVA_LONG);
      stream.fill(sum.address(), (byte) 0, sum.byteSize());
      stream.launch(
          gpu.kernel(Checksum.KERNELS, "kith_checksum"),
          gpu.device().multiprocessors(),
          1,
          1,
          256,
          0,
          new Arguments().addPointer(address).addLong(words).addPointer(sum.address()));
      stream.copyToHost(host, sum.address(), sum.byteSize());
      var back = arena.allocate(Math.max(1, bytes.byteSize()), 8);
      if (bytes.byteSize() > 0) {
        stream.copyToHost(back, address, bytes.byteSize());
      }
      stream.synchronize();
      assertThat(host.get(JAVA_LONG, 0))
          .isEqualTo(Checksum.of(bytes.asSlice(0, words * JAVA_INT.byteSize())));
      assertThat(back.asSlice(0, bytes.byteSize()).mismatch(bytes)).isEqualTo(-1);
    }
  }
}
