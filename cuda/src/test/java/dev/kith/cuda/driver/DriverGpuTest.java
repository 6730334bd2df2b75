package dev.kith.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.cuda.GpuTest;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The bindings against a real driver. */
class DriverGpuTest extends GpuTest {
  /**
   * Adds to every int: {@code add(int* p, int n, int v)}. PTX, which the driver compiles; from
   * compute capability 9.0 on it waits for the launch before it, as programmatic ones must.
   */
  private static final String ADD =
      """
      .version VERSION
      .target TARGET
      .address_size 64
      .visible .entry add(.param .u64 p, .param .u32 n, .param .u32 v)
      {
        .reg .pred %q;
        .reg .b32 %r<8>;
        .reg .b64 %d<4>;
        WAIT
        ld.param.u64 %d0, [p];
        ld.param.u32 %r0, [n];
        ld.param.u32 %r1, [v];
        mov.u32 %r2, %ctaid.x;
        mov.u32 %r3, %ntid.x;
        mov.u32 %r4, %tid.x;
        mad.lo.u32 %r5, %r2, %r3, %r4;
        setp.ge.u32 %q, %r5, %r0;
        @%q bra done;
        cvta.to.global.u64 %d0, %d0;
        mul.wide.u32 %d1, %r5, 4;
        add.u64 %d2, %d0, %d1;
        ld.global.u32 %r6, [%d2];
        add.u32 %r7, %r6, %r1;
        st.global.u32 [%d2], %r7;
      done:
        ret;
      }
      """;

  private static final int COUNT = 1000;

  private boolean programmatic() {
    return context().device().major() >= 9;
  }

  private Kernel add() {
    var ptx =
        ADD.replace("VERSION", programmatic() ? "7.8" : "7.0")
            .replace("TARGET", programmatic() ? "sm_90" : "sm_75")
            .replace("WAIT", programmatic() ? "griddepcontrol.wait;" : "");
    return context().load(ptx.getBytes(StandardCharsets.US_ASCII)).kernel("add");
  }

  @Test
  void device_isDescribed() {
    var device = context().device();
    assertThat(device.name()).isNotBlank();
    assertThat(device.major()).isBetween(5, 99);
    assertThat(device.multiprocessors()).isPositive();
    assertThat(device.totalBytes()).isGreaterThan(1L << 30);
    assertThat(device.l2Bytes()).isPositive();
    assertThat(device.sharedBytesPerBlockOptin()).isGreaterThanOrEqualTo(48 << 10);
    assertThat(device.pciBusId()).contains(":");
    assertThat(context().freeBytes()).isPositive().isLessThanOrEqualTo(device.totalBytes());
  }

  @Test
  void work_inEveryWay_isDoneInOrder() {
    var stream = context().stream();
    var kernel = add();
    var host = context().pinned(4L * COUNT).segment();
    var device = context().allocate(4L * COUNT);
    var copy = context().allocate(4L * COUNT);
    var start = context().timedEvent();
    var end = context().timedEvent();
    var arguments = new Arguments().addPointer(device.address()).addInt(COUNT).addInt(1);

    stream.record(start);
    stream.fillInts(device.address(), 5, COUNT);
    stream.launch(kernel, 4, 1, 1, 256, 0, arguments);
    arguments.setInt(2, 10);
    if (programmatic()) {
      stream.launchProgrammatic(kernel, 4, 1, 1, 256, 0, arguments);
    } else {
      stream.launch(kernel, 4, 1, 1, 256, 0, arguments);
    }
    stream.beginCapture();
    arguments.setInt(2, 100);
    stream.launch(kernel, 4, 1, 1, 256, 0, arguments);
    var graph = stream.endCapture();
    stream.launch(graph);
    stream.launch(graph);
    stream.record(end);
    var other = context().stream();
    other.waitFor(end);
    other.copyOnDevice(copy.address(), device.address(), 4L * COUNT);
    other.copyToHost(host, copy.address(), 4L * COUNT);
    other.synchronize();

    assertThat(host.toArray(JAVA_INT)).containsOnly(216);
    assertThat(stream.query()).isTrue();
    assertThat(end.query()).isTrue();
    assertThat(end.millisSince(start)).isPositive();
    assertThat(kernel.maxActiveBlocks(256, 0)).isPositive();
    assertThat(kernel.ptxVersion()).isLessThanOrEqualTo(kernel.binaryVersion());
  }

  @Test
  void pinnedMemory_isSeenByKernels() {
    var stream = context().stream();
    var pinned = context().pinned(4L * COUNT);
    pinned.segment().fill((byte) 0);
    stream.launch(
        add(),
        4,
        1,
        1,
        256,
        0,
        new Arguments().addPointer(pinned.deviceAddress()).addInt(COUNT).addInt(7));
    stream.synchronize();
    assertThat(pinned.segment().toArray(JAVA_INT)).containsOnly(7);
  }

  @Test
  void failures_areToldApart() {
    var memory =
        catchThrowableOfType(CudaException.class, () -> context().allocate(Long.MAX_VALUE / 2));
    assertThat(memory.isOutOfMemory()).isTrue();
    var image =
        catchThrowableOfType(
            CudaException.class,
            () -> context().load("nothing".getBytes(StandardCharsets.US_ASCII)).kernel("add"));
    assertThat(image.isNoBinaryForGpu()).isTrue();
    var stream = context().stream();
    var kernel = add();
    var arguments = new Arguments().addPointer(0).addInt(0).addInt(0);
    var launch =
        catchThrowableOfType(
            CudaException.class, () -> stream.launch(kernel, 1, 1, 1, 4096, 0, arguments));
    assertThat(launch.isContextLost()).isFalse();
    stream.launch(kernel, 1, 1, 1, 32, 0, arguments);
    stream.synchronize();
  }

  @Test
  void tensorMap_ofAMatrix_isEncoded() {
    assumeTrue(programmatic(), "needs compute capability 9.0");
    var matrix = context().allocate(512 * 100);
    var map =
        TensorMap.ofBytes(
            context(), matrix.address(), 100, 384, 512, 64, 128, TensorMap.Swizzle.BYTES_128);
    assertThat(map.segment().mismatch(MemorySegment.ofArray(new byte[128])))
        .as("written")
        .isNotEqualTo(-1);
    assertThat(
            catchThrowableOfType(
                    CudaException.class,
                    () ->
                        TensorMap.ofBytes(
                            context(),
                            matrix.address() + 1,
                            100,
                            384,
                            512,
                            64,
                            128,
                            TensorMap.Swizzle.BYTES_128))
                .name())
        .isEqualTo("CUDA_ERROR_INVALID_VALUE");
  }
}
