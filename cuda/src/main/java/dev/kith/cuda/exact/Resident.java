package dev.kith.cuda.exact;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.Arguments;
import dev.kith.cuda.driver.DeviceMemory;
import dev.kith.cuda.memory.GpuBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Rows on the device, with their int8 shadow in scattered order: position {@code p} of the shadow
 * holds row {@code p * scatter % n}, so that the first positions are a fair sample of all rows.
 * Safe for many threads; frees its memory once.
 */
final class Resident implements AutoCloseable {
  /** A float64 unit roundoff. */
  private static final double W = 0x1p-53;

  private static final int THREADS = 256;

  private final Gpu gpu;
  private final GpuBuffer rows;
  private final DeviceMemory shadow;
  private final Metric metric;
  private final int n;
  private final int stride;
  private final int scatter;
  private final long termsAt;
  private final long basesAt;
  private final long centreAt;
  private final double centreNorm;

  private Resident(Gpu gpu, GpuBuffer rows, Metric metric, float[] centre) {
    this.gpu = gpu;
    this.rows = rows;
    this.metric = metric;
    this.n = (int) rows.size();
    this.stride = stride(rows.dimension());
    this.scatter = scatter(n);
    this.termsAt = aligned((long) n * stride);
    this.basesAt = termsAt + aligned(16L * n);
    this.centreAt = basesAt + aligned(8L * n);
    double squares = 0;
    for (float element : centre) {
      squares += (double) element * element;
    }
    this.centreNorm = metric == Metric.L2 ? 0 : Math.sqrt(squares) * (1 + 0x1p-30);
    this.shadow = gpu.ledger().take(centreAt + 4L * rows.dimension(), "an int8 shadow");
  }

  /** Bytes of a row's codes: whole loads of 16. */
  static int stride(int d) {
    return (d + 15) / 16 * 16;
  }

  private static long aligned(long bytes) {
    return (bytes + 255) / 256 * 256;
  }

  /** Device bytes that so many rows take, shadow and all. */
  static long bytes(VectorSource rows, long count) {
    int d = rows.dimension();
    long row = (long) d * rows.elementType().bytes() + stride(d) + 24;
    return count * row + 4L * d + 2048;
  }

  /** A number near the golden section of n that shares no divisor with it. */
  private static int scatter(int n) {
    int step = Math.max(1, (int) Math.round(n * 0.6180339887498949));
    while (gcd(step, n) != 1) {
      step++;
    }
    return step;
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  /**
   * Loads rows {@code first} to {@code first + count - 1} and codes them on the device.
   *
   * @param centre {@code [d]}, what they are coded less of; any does, a good one makes bounds tight
   */
  static Resident load(
      Gpu gpu, VectorSource source, long first, long count, Metric metric, float[] centre) {
    var rows = gpu.loader().loadChunk(source, first, count);
    Resident resident = null;
    try {
      resident = new Resident(gpu, rows, metric, centre);
      resident.encode(centre);
      return resident;
    } catch (RuntimeException | Error e) {
      if (resident != null) {
        resident.close();
      } else {
        rows.close();
      }
      throw e;
    }
  }

  private void encode(float[] centre) {
    try (var arena = Arena.ofConfined();
        var stream = gpu.context().stream()) {
      var host = arena.allocateFrom(ValueLayout.JAVA_FLOAT, centre);
      stream.copyToDevice(shadow.address() + centreAt, host, host.byteSize());
      var arguments =
          new Arguments()
              .addPointer(rows.address())
              .addInt(n)
              .addInt(rows.dimension())
              .addInt(Codes.of(rows.elementType()))
              .addPointer(centreAddress())
              .addDouble(centreNorm)
              .addInt(Codes.of(metric))
              .addInt(scatter)
              .addPointer(shadow.address())
              .addInt(stride)
              .addPointer(shadow.address() + termsAt)
              .addPointer(shadow.address() + basesAt);
      int blocks = Math.clamp((n + 7L) / 8, 1, gpu.device().multiprocessors() * 16);
      stream.launch(gpu.kernel("kith_encode_rows"), blocks, 1, 1, THREADS, 0, arguments);
      stream.synchronize();
    }
  }

  int size() {
    return n;
  }

  Metric metric() {
    return metric;
  }

  GpuBuffer rows() {
    return rows;
  }

  int scatter() {
    return scatter;
  }

  int stride() {
    return stride;
  }

  long codesAddress() {
    return shadow.address();
  }

  long centreAddress() {
    return shadow.address() + centreAt;
  }

  /** The kernels' {@code Shadow}. */
  void putShadow(MemorySegment target, long filterAddress) {
    target.set(ValueLayout.JAVA_LONG, 0, shadow.address());
    target.set(ValueLayout.JAVA_LONG, 8, shadow.address() + termsAt);
    target.set(ValueLayout.JAVA_LONG, 16, shadow.address() + basesAt);
    target.set(ValueLayout.JAVA_LONG, 24, filterAddress);
    target.set(ValueLayout.JAVA_INT, 32, n);
    target.set(ValueLayout.JAVA_INT, 36, scatter);
    target.set(ValueLayout.JAVA_INT, 40, stride);
  }

  /** The kernels' {@code Bound}. */
  void putBound(MemorySegment target) {
    target.set(ValueLayout.JAVA_DOUBLE, 0, centreNorm);
    target.set(ValueLayout.JAVA_DOUBLE, 8, (8.0 * rows.dimension() + 128) * W);
    target.set(ValueLayout.JAVA_INT, 16, Codes.of(metric));
  }

  long bytes() {
    return rows.byteSize() + shadow.byteSize();
  }

  @Override
  public void close() {
    rows.close();
    gpu.ledger().give(shadow);
  }
}
