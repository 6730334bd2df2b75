package dev.kith.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What is made in a context, how it fails, and how it is closed. */
class ContextTest {
  private final FakeCuda fake = FakeCuda.fresh();

  @Test
  void allocate_noRoom_saysHowMuchAndWhere() throws Exception {
    try (var context = fake.set("cuMemAlloc", 2).open()) {
      var e = catchThrowableOfType(CudaException.class, () -> context.allocate(1L << 40));
      assertThat(e)
          .hasMessage(
              "cuMemAlloc of 1099511627776 bytes on GPU 0 (Fake 0) failed: out of memory"
                  + " (CUDA_ERROR_OUT_OF_MEMORY)");
      assertThat(e.isOutOfMemory()).isTrue();
      assertThat(e.isContextLost()).isFalse();
      assertThat(e.call()).isEqualTo("cuMemAlloc");
      assertThat(e.code()).isEqualTo(2);
      assertThat(e.name()).isEqualTo("CUDA_ERROR_OUT_OF_MEMORY");
      assertThat(e.text()).isEqualTo("out of memory");
      fake.set("cuMemHostAlloc", 2);
      assertThatThrownBy(() -> context.pinned(9))
          .hasMessage(
              "cuMemHostAlloc of 9 bytes for GPU 0 (Fake 0) failed: out of memory"
                  + " (CUDA_ERROR_OUT_OF_MEMORY)");
    }
  }

  @Test
  void allocate_nothing_isRefused() throws Exception {
    try (var context = fake.open()) {
      assertThatThrownBy(() -> context.allocate(0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("memory must have a size: bytes=0");
      assertThatThrownBy(() -> context.pinned(-1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("memory must have a size: bytes=-1");
    }
  }

  @Test
  void close_memoryTwice_freesOnceAndEndsItsUse() throws Exception {
    try (var context = fake.open()) {
      var memory = context.allocate(16);
      assertThat(memory.byteSize()).isEqualTo(16);
      assertThat(memory.address()).isNotZero();
      assertThat(fake.allocated()).isEqualTo(1);
      memory.close();
      memory.close();
      assertThat(fake.allocated()).isZero();
      assertThat(fake.calls("cuMemFree")).hasSize(1);
      assertThatThrownBy(memory::address)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("device memory on GPU 0 (Fake 0) is closed");
    }
  }

  @Test
  void close_pinnedMemory_endsAccessToIt() throws Exception {
    try (var context = fake.open()) {
      var pinned = context.pinned(16);
      var segment = pinned.segment();
      segment.set(JAVA_BYTE, 15, (byte) 7);
      assertThat(pinned.byteSize()).isEqualTo(16);
      assertThat(pinned.deviceAddress()).isEqualTo(segment.address());
      assertThatThrownBy(() -> segment.get(JAVA_BYTE, 16))
          .isInstanceOf(IndexOutOfBoundsException.class);
      pinned.close();
      assertThatThrownBy(() -> segment.get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(pinned::deviceAddress)
          .hasMessage("pinned memory on GPU 0 (Fake 0) is closed");
    }
  }

  @Test
  void close_context_firstClosesWhatIsOpenTheNewestFirst() throws Exception {
    var context = fake.open();
    var memory = context.allocate(1);
    var pinned = context.pinned(1);
    var event = context.event();
    var stream = context.stream();
    context.load("ptx".getBytes(StandardCharsets.US_ASCII));
    event.close();
    context.close();
    context.close();
    memory.close();
    pinned.close();
    stream.close();
    assertThat(
            fake.calls(
                "cuMemFree",
                "cuMemFreeHost",
                "cuEventDestroy",
                "cuStreamDestroy",
                "cuLibraryUnload",
                "cuDevicePrimaryCtxRelease"))
        .containsExactly(
            "cuEventDestroy",
            "cuLibraryUnload",
            "cuStreamDestroy",
            "cuMemFreeHost",
            "cuMemFree",
            "cuDevicePrimaryCtxRelease");
    assertThat(fake.allocated()).isZero();
    assertThatThrownBy(context::stream)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the context of GPU 0 (Fake 0) is closed");
    assertThatThrownBy(stream::synchronize)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("a stream on GPU 0 (Fake 0) is closed");
  }

  @Test
  void close_driverRefuses_throwsButReleasesTheRest() throws Exception {
    var context = fake.open();
    context.event();
    context.allocate(1);
    fake.set("cuEventDestroy", 1);
    assertThatThrownBy(context::close)
        .isInstanceOf(CudaException.class)
        .hasMessage("cuEventDestroy failed: invalid argument (CUDA_ERROR_INVALID_VALUE)");
    assertThat(fake.allocated()).isZero();
    assertThat(fake.calls("cuDevicePrimaryCtxRelease")).hasSize(1);
  }

  @Test
  void lostContext_isToldOnceAndClosesQuietly() throws Exception {
    try (var context = fake.open();
        var stream = context.stream();
        var memory = context.allocate(1)) {
      fake.set("lost", 700);
      var e = catchThrowableOfType(CudaException.class, stream::synchronize);
      assertThat(e)
          .hasMessage(
              "cuStreamSynchronize failed: an illegal memory access was encountered"
                  + " (CUDA_ERROR_ILLEGAL_ADDRESS)");
      assertThat(e.isContextLost()).isTrue();
      assertThat(memory.byteSize()).isEqualTo(1);
      fake.set("cuCtxSetCurrent", 700);
    }
    assertThat(fake.calls("cuMemFree", "cuStreamDestroy", "cuDevicePrimaryCtxRelease"))
        .containsExactly("cuMemFree", "cuStreamDestroy", "cuDevicePrimaryCtxRelease");
  }

  @Test
  void bytes_ofTheDevice() throws Exception {
    try (var context = fake.open()) {
      assertThat(context.freeBytes()).isEqualTo(100L << 30);
      assertThat(context.totalBytes()).isEqualTo(150L << 30);
      assertThat(context.device().name()).isEqualTo("Fake 0");
    }
  }

  @Test
  void events_inTime() throws Exception {
    try (var context = fake.open();
        var start = context.timedEvent();
        var end = context.timedEvent();
        var plain = context.event()) {
      // The stand-in's handles are 16 apart, and its milliseconds are their difference.
      assertThat(end.millisSince(start)).isEqualTo(16);
      assertThatThrownBy(() -> plain.millisSince(start))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("both events must be timed: take them by timedEvent()");
      assertThat(plain.query()).isTrue();
      fake.set("cuEventQuery", 600);
      assertThat(plain.query()).isFalse();
      fake.set("cuEventQuery", 719);
      assertThatThrownBy(plain::query)
          .isInstanceOf(CudaException.class)
          .hasMessageStartingWith("cuEventQuery failed");
      plain.synchronize();
      assertThat(fake.calls("cuEventCreate", "cuEventCreate timed"))
          .containsExactly("cuEventCreate timed", "cuEventCreate timed", "cuEventCreate");
    }
  }

  /** Another thread may be about to launch with what was allowed before. */
  @Test
  void withSharedMemory_lessThanBefore_takesNothingBack() throws Exception {
    try (var context = fake.open();
        var library = context.load(new byte[] {1, 2, 3, 4})) {
      var kernel = library.kernel("probe");
      for (int bytes : new int[] {40_000, 30_000, 40_000, 50_000, 1}) {
        assertThat(kernel.withSharedMemory(bytes)).isEqualTo(kernel);
      }
      assertThat(fake.calls())
          .filteredOn(call -> call.startsWith("cuFuncSetAttribute"))
          .containsExactly("cuFuncSetAttribute 9c40", "cuFuncSetAttribute c350");
      fake.set("cuFuncSetAttribute", 1);
      for (int round = 0; round < 2; round++) {
        assertThatThrownBy(() -> kernel.withSharedMemory(60_000))
            .isInstanceOf(CudaException.class)
            .hasMessage(
                "cuFuncSetAttribute of 60000 bytes of shared memory for probe on GPU 0 (Fake 0)"
                    + " failed: invalid argument (CUDA_ERROR_INVALID_VALUE)");
      }
    }
  }

  @Test
  @SuppressWarnings("try") // closed early on purpose
  void load_text_endsWithAZero() throws Exception {
    try (var context = fake.open();
        var library = context.load(MemorySegment.ofArray(new byte[] {'p', 't', 'x'}))) {
      assertThat(fake.image()).isEqualTo("ptx");
      var kernel = library.kernel("probe").withSharedMemory(100_000);
      assertThat(kernel.name()).isEqualTo("probe");
      assertThat(fake.calls()).contains("cuFuncSetAttribute 186a0");
      assertThat(kernel.maxActiveBlocks(256, 2 << 16)).isEqualTo(6);
      assertThat(kernel.registers()).isEqualTo(32);
      assertThat(kernel.localBytes()).isZero();
      assertThat(kernel.staticSharedBytes()).isEqualTo(1024);
      assertThat(kernel.binaryVersion()).isEqualTo(90);
      assertThat(kernel.ptxVersion()).isEqualTo(90);
      library.close();
      assertThatThrownBy(kernel::registers)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("a library of kernels on GPU 0 (Fake 0) is closed");
    }
  }

  @Test
  void load_imageRefused_isNoBinary() throws Exception {
    try (var context = fake.set("cuLibraryLoadData", 200).open()) {
      var e =
          catchThrowableOfType(CudaException.class, () -> context.load(new byte[] {1, 2, 3, 4}));
      assertThat(e)
          .hasMessage(
              "cuLibraryLoadData of 4 bytes for GPU 0 (Fake 0) failed: device kernel image is"
                  + " invalid (CUDA_ERROR_INVALID_IMAGE)");
      assertThat(e.isNoBinaryForGpu()).isTrue();
    }
  }

  @Test
  void kernel_missing_namesIt() throws Exception {
    try (var context = fake.set("cuLibraryGetKernel", 500).open();
        var library = context.load(new byte[] {1, 2, 3, 4})) {
      assertThatThrownBy(() -> library.kernel("nearest"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the image has no kernel nearest; is it declared extern \"C\" __global__?");
    }
  }

  @Test
  void kernel_noCodeForTheDevice_isFoundBeforeALaunch() throws Exception {
    try (var context = fake.set("cuKernelGetFunction", 209).open();
        var library = context.load(new byte[] {1, 2, 3, 4})) {
      var e = catchThrowableOfType(CudaException.class, () -> library.kernel("nearest"));
      assertThat(e)
          .hasMessage(
              "cuKernelGetFunction of kernel nearest for GPU 0 (Fake 0) failed: no kernel image is"
                  + " available for execution on the device (CUDA_ERROR_NO_BINARY_FOR_GPU)");
      assertThat(e.isNoBinaryForGpu()).isTrue();
    }
  }
}
