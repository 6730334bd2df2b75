package dev.kith.cuda.store;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.Arguments;
import dev.kith.cuda.driver.DeviceMemory;
import dev.kith.cuda.kernels.KernelEnums;
import dev.kith.cuda.kernels.KernelSet;
import dev.kith.cuda.kernels.Struct;
import dev.kith.cuda.kernels.Structs;
import dev.kith.cuda.memory.DevicePart;
import dev.kith.cuda.memory.GpuBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/**
 * The int8 codes of rows that lie on the device, coded there, in scattered order: position {@code
 * p} of the codes is that of row {@code p * scatter % n}, so that the first positions are a fair
 * sample of all rows. Safe for many threads; frees its memory once.
 */
public final class DeviceCodes implements DevicePart {
  /** Kernels that code rows and queries. */
  public static final KernelSet KERNELS =
      KernelSet.withStructs("encode", "kith_encode_rows", "kith_encode_queries");

  /** A float64 unit roundoff. */
  private static final double W = 0x1p-53;

  private static final int THREADS = 256;

  /** Bytes of what a bound needs of a row beside its codes: its terms, and its base. */
  private static final int TERM_BYTES = 24;

  private final Gpu gpu;
  private final GpuBuffer rows;
  private final Runnable rowsBack;
  private final DeviceMemory memory;
  private final Metric metric;
  private final int n;
  private final int stride;
  private final int scatter;
  private final long termsAt;
  private final long basesAt;
  private final long centreAt;
  private final double centreNorm;

  private DeviceCodes(
      Gpu gpu, GpuBuffer rows, Runnable rowsBack, Metric metric, double centreNorm) {
    this.gpu = gpu;
    this.rows = rows;
    this.rowsBack = rowsBack;
    this.metric = metric;
    this.centreNorm = centreNorm;
    this.n = (int) rows.size();
    this.stride = stride(rows.dimension());
    this.scatter = scatter(n);
    this.termsAt = aligned((long) n * stride);
    this.basesAt = termsAt + aligned(16L * n);
    this.centreAt = basesAt + aligned(8L * n);
    this.memory = gpu.ledger().take(centreAt + 4L * rows.dimension(), "an int8 shadow");
  }

  /** Bytes of a row's codes: whole loads of 16. */
  public static int stride(int d) {
    return (d + 15) / 16 * 16;
  }

  private static long aligned(long bytes) {
    return (bytes + 255) / 256 * 256;
  }

  /** Device bytes that {@code count} rows of a source take together with their codes. */
  public static long bytes(VectorSource rows, long count) {
    int d = rows.dimension();
    long row = (long) d * rows.elementType().bytes() + stride(d) + TERM_BYTES;
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
   * Loads rows {@code first} to {@code first + count - 1} for whoever calls alone, and codes them.
   * Closing the codes gives back the rows, too.
   */
  public static DeviceCodes load(
      Gpu gpu, VectorSource source, long first, long count, Metric metric, Centre centre) {
    var rows = gpu.loader().loadChunk(source, first, count);
    return of(gpu, rows, rows::close, metric, centre);
  }

  /**
   * Codes rows that are there.
   *
   * @param rowsBack gives the rows back, when the codes are closed or if this fails
   * @param centre what rows are coded less of: any does, a good one makes bounds tight
   */
  static DeviceCodes of(Gpu gpu, GpuBuffer rows, Runnable rowsBack, Metric metric, Centre centre) {
    DeviceCodes codes = null;
    try {
      codes = new DeviceCodes(gpu, rows, rowsBack, metric, centre.norm(metric));
      codes.encode(centre);
      return codes;
    } catch (RuntimeException | Error e) {
      if (codes != null) {
        codes.close();
      } else {
        rowsBack.run();
      }
      throw e;
    }
  }

  private void encode(Centre centre) {
    try (var arena = Arena.ofConfined();
        var stream = gpu.context().stream()) {
      var host = arena.allocateFrom(ValueLayout.JAVA_FLOAT, centre.elements());
      stream.copyToDevice(centreAddress(), host, host.byteSize());
      var arguments =
          new Arguments()
              .addPointer(rows.address())
              .addInt(n)
              .addInt(rows.dimension())
              .addInt(KernelEnums.of(rows.elementType()))
              .addPointer(centreAddress())
              .addDouble(centreNorm)
              .addInt(KernelEnums.of(metric))
              .addInt(scatter)
              .addPointer(codesAddress())
              .addInt(stride)
              .addPointer(memory.address() + termsAt)
              .addPointer(memory.address() + basesAt);
      int blocks = Math.clamp((n + 7L) / 8, 1, gpu.device().multiprocessors() * 16);
      var kernel = gpu.kernel(KERNELS, "kith_encode_rows");
      stream.launch(kernel, blocks, 1, 1, THREADS, 0, arguments);
      stream.synchronize();
    }
  }

  /** How many rows there are. */
  public int size() {
    return n;
  }

  /** What their bounds are about. */
  public Metric metric() {
    return metric;
  }

  /** The rows that are coded. */
  public GpuBuffer rows() {
    return rows;
  }

  /** Steps from row to row as positions go up. */
  public int scatter() {
    return scatter;
  }

  /** Bytes from one row's codes to the next's. */
  public int stride() {
    return stride;
  }

  /** Device address of the codes. */
  public long codesAddress() {
    return memory.address();
  }

  /** Device address of the centre, a float32 an element. */
  public long centreAddress() {
    return memory.address() + centreAt;
  }

  /**
   * Fills in what kernels call a shadow.
   *
   * @param filterAddress a bit a position, or 0
   */
  public void putShadow(Struct.Value target, long filterAddress) {
    target
        .setPointer("codes", codesAddress())
        .setPointer("terms", memory.address() + termsAt)
        .setPointer("bases", memory.address() + basesAt)
        .setPointer("filter", filterAddress)
        .setInt("n", n)
        .setInt("scatter", scatter)
        .setInt("stride", stride);
  }

  /** Fills in what kernels call a bound, of {@link Structs#BOUND}. */
  public void putBound(Struct.Value target) {
    target
        .setDouble("centreNorm", centreNorm)
        .setDouble("sigma", (8.0 * rows.dimension() + 128) * W)
        .setInt("metric", KernelEnums.of(metric));
  }

  /** Without the rows, which are a part of their own. */
  @Override
  public long bytes() {
    return memory.byteSize();
  }

  @Override
  public void close() {
    try {
      gpu.ledger().give(memory);
    } finally {
      rowsBack.run();
    }
  }
}
