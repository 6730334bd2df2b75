package dev.kith.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StreamTest {
  private final FakeCuda fake = FakeCuda.fresh();
  private Context context;
  private Stream stream;

  @BeforeEach
  void open() throws Exception {
    context = fake.open();
    stream = context.stream();
  }

  @AfterEach
  void close() {
    context.close();
  }

  private Kernel probe() {
    return context.load(new byte[] {1, 2, 3, 4}).kernel("probe");
  }

  private static Arguments ofProbe(MemorySegment struct) {
    return new Arguments()
        .addPointer(0x700000000000L)
        .addInt(-3)
        .addLong(1L << 40)
        .addFloat(0.5f)
        .addDouble(Math.PI)
        .addBytes(struct);
  }

  @Test
  void copies_thereAndBack_giveTheSame() {
    try (var arena = Arena.ofConfined()) {
      var source = arena.allocateFrom(JAVA_BYTE, new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
      var target = arena.allocate(8);
      long first = context.allocate(8).address();
      long second = context.allocate(8).address();
      stream.copyToDevice(first, source, 8);
      stream.copyOnDevice(second, first, 8);
      stream.fill(second, (byte) 9, 2);
      stream.fillInts(second + 4, 0x0A0A0A0A, 1);
      stream.copyToHost(target, second, 7);
      assertThat(target.toArray(JAVA_BYTE)).containsExactly(9, 9, 3, 4, 10, 10, 10, 0);
    }
  }

  @Test
  void copies_hostMemoryTooSmallOrOnTheHeap_areRefused() {
    long device = context.allocate(8).address();
    try (var arena = Arena.ofConfined()) {
      var host = arena.allocate(7);
      assertThatThrownBy(() -> stream.copyToDevice(device, host, 8))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> stream.copyToHost(host, device, 8))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
    var heap = MemorySegment.ofArray(new byte[8]);
    assertThatThrownBy(() -> stream.copyToDevice(device, heap, 8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the driver copies off-heap memory alone");
  }

  @Test
  void launch_anyKernel_passesShapeAndArguments() {
    var struct = MemorySegment.ofArray(IntStream.range(0, 32).map(i -> i * 0x01010101).toArray());
    stream.launch(probe(), 7, 6, 5, 256, 1234, ofProbe(struct));
    assertPassed(struct, 0);
  }

  @Test
  void launchProgrammatic_anyKernel_passesTheSameAndTheAttribute() {
    var struct = MemorySegment.ofArray(new int[32]).fill((byte) 3);
    stream.launchProgrammatic(probe(), 7, 6, 5, 256, 1234, ofProbe(struct));
    assertPassed(struct, 1);
  }

  private void assertPassed(MemorySegment struct, int programmatic) {
    var passed = fake.launch();
    assertThat(passed.asSlice(0, 32).toArray(JAVA_INT))
        .containsExactly(7, 6, 5, 256, 1, 1, 1234, programmatic);
    assertThat(passed.get(JAVA_LONG, 40)).as("stream").isEqualTo(stream.handle());
    assertThat(passed.get(JAVA_LONG, 48)).isEqualTo(0x700000000000L);
    assertThat(passed.get(JAVA_LONG, 56)).isEqualTo(1L << 40);
    assertThat(passed.get(JAVA_DOUBLE, 64)).isEqualTo(Math.PI);
    assertThat(passed.get(JAVA_FLOAT, 72)).isEqualTo(0.5f);
    assertThat(passed.get(JAVA_INT, 76)).isEqualTo(-3);
    assertThat(passed.asSlice(80, 128).mismatch(struct)).isEqualTo(-1);
  }

  @Test
  void launch_driverRefuses_saysWhatWasLaunched() {
    var probe = probe();
    var arguments = ofProbe(MemorySegment.ofArray(new byte[128]));
    fake.set("cuLaunchKernel", 701);
    assertThatThrownBy(() -> stream.launch(probe, 1, 2, 3, 1024, 99, arguments))
        .isInstanceOf(CudaException.class)
        .hasMessage(
            "cuLaunchKernel of probe (grid 1 x 2 x 3, 1024 threads, 99 bytes shared) on GPU 0 (Fake"
                + " 0) failed: too many resources requested for launch"
                + " (CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES)");
    assertThatThrownBy(() -> stream.launchProgrammatic(probe, 1, 2, 3, 1024, 99, arguments))
        .isInstanceOf(CudaException.class)
        .hasMessageStartingWith("cuLaunchKernelEx of probe (grid 1 x 2 x 3");
  }

  @Test
  void launch_again_allocatesNothing() {
    fake.set("quiet", 1);
    var probe = probe();
    var arguments = ofProbe(MemorySegment.ofArray(new byte[128]));
    launchMany(probe, arguments, 20_000);
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    launchMany(probe, arguments, 20_000);
    // Less than a byte a launch: what asking costs, and the compiler's last steps.
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(20_000);
  }

  private void launchMany(Kernel kernel, Arguments arguments, int times) {
    for (int i = 0; i < times; i++) {
      arguments.setInt(1, i).setLong(2, i).setPointer(0, i);
      stream.launch(kernel, 1, 1, 1, 32, 0, arguments);
      stream.launchProgrammatic(kernel, 1, 1, 1, 32, 0, arguments);
    }
  }

  @Test
  void query_untilDone() {
    assertThat(stream.query()).isTrue();
    fake.set("cuStreamQuery", 600);
    assertThat(stream.query()).isFalse();
    fake.set("cuStreamQuery", 700);
    assertThatThrownBy(stream::query)
        .isInstanceOf(CudaException.class)
        .hasMessageStartingWith("cuStreamQuery failed: an illegal memory access");
  }

  @Test
  void events_orderStreams() {
    var event = context.event();
    stream.record(event);
    context.stream().waitFor(event);
    assertThat(fake.calls("cuEventRecord", "cuStreamWaitEvent"))
        .containsExactly("cuEventRecord", "cuStreamWaitEvent");
    event.close();
    assertThatThrownBy(() -> stream.record(event))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("an event on GPU 0 (Fake 0) is closed");
  }

  @Test
  void capture_givesAGraphToLaunch() {
    stream.beginCapture();
    try (var graph = stream.endCapture()) {
      stream.launch(graph);
    }
    assertThat(
            fake.calls(
                "cuStreamBeginCapture",
                "cuStreamEndCapture",
                "cuGraphInstantiateWithFlags",
                "cuGraphDestroy",
                "cuGraphLaunch",
                "cuGraphExecDestroy"))
        .containsExactly(
            "cuStreamBeginCapture",
            "cuStreamEndCapture",
            "cuGraphInstantiateWithFlags",
            "cuGraphDestroy",
            "cuGraphLaunch",
            "cuGraphExecDestroy");
  }

  @Test
  void endCapture_graphRefused_destroysWhatWasNoted() {
    fake.set("cuGraphInstantiateWithFlags", 2);
    stream.beginCapture();
    assertThatThrownBy(stream::endCapture).isInstanceOf(CudaException.class);
    assertThat(fake.calls("cuGraphDestroy")).hasSize(1);
  }
}
