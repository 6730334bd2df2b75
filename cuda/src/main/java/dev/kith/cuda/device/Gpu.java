package dev.kith.cuda.device;

import dev.kith.cuda.driver.Context;
import dev.kith.cuda.driver.CudaDriver;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.driver.Device;
import dev.kith.cuda.driver.Kernel;
import dev.kith.cuda.kernels.GpuInfo;
import dev.kith.cuda.kernels.KernelImages;
import dev.kith.cuda.memory.DeviceLedger;
import dev.kith.cuda.memory.GpuBufferLoader;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The GPU that searches of this process run on: device {@code -Dkith.cuda.device=N}, 0 if not
 * given. Opened once and never closed. Safe for many threads.
 */
public final class Gpu {
  /**
   * A file of kernels.
   *
   * @param name without {@code .cu}
   */
  private record Source(String name, List<String> kernels) {}

  private static final List<Source> SOURCES =
      List.of(
          new Source("encode", List.of("kith_encode_rows", "kith_encode_queries")),
          new Source(
              "scan",
              List.of(
                  "kith_scan_1",
                  "kith_scan_2",
                  "kith_scan_4",
                  "kith_scan_filtered_1",
                  "kith_scan_filtered_2",
                  "kith_scan_filtered_4",
                  "kith_scan_tile_16",
                  "kith_scan_tile_32",
                  "kith_scan_tile_64",
                  "kith_scan_tile_128",
                  "kith_scan_tile_256")),
          new Source("tighten", List.of("kith_tighten", "kith_tighten_few")),
          new Source(
              "rescore", List.of("kith_rescore", "kith_fill", "kith_restart", "kith_scatter_bits")),
          new Source("checksum", List.of("kith_checksum")));

  private static final String WGMMA = "kith_scan_wgmma";

  private static final String DEVICE = "kith.cuda.device";
  private static final String BUDGET = "kith.cuda.budget";

  /** Of what is free when the device is opened. */
  private static final int DEFAULT_PERCENT = 80;

  private final Context context;
  private final DeviceLedger ledger;
  private final GpuBufferLoader loader;
  private final Map<String, Kernel> kernels = new HashMap<>();
  private final boolean wgmma;
  private final GpuInfo info;

  /** Why nothing can run any more; null while all is well. */
  private volatile @Nullable String lost;

  /**
   * What opening it came to.
   *
   * @param gpu or null
   * @param why there is none, or null
   */
  private record Opened(@Nullable Gpu gpu, @Nullable CudaUnavailableException why) {
    static final Opened ONCE = open();

    private static Opened open() {
      try {
        return new Opened(Gpu.open(), null);
      } catch (CudaUnavailableException e) {
        return new Opened(null, e);
      } catch (CudaException e) {
        return new Opened(null, new CudaUnavailableException(e.toString()));
      }
    }
  }

  private Gpu(Context context, long budget) throws CudaUnavailableException {
    this.context = context;
    var origins = new TreeSet<String>();
    ledger = new DeviceLedger(context, budget);
    loader = new GpuBufferLoader(context, ledger);
    var images = KernelImages.ofJar();
    for (var source : SOURCES) {
      var loaded = images.load(context, source.name(), source.kernels().toArray(String[]::new));
      source.kernels().forEach(name -> kernels.put(name, loaded.kernel(name)));
      origins.add(loaded.origin());
    }
    wgmma = context.device().major() == 9 && context.device().minor() == 0;
    if (wgmma) {
      kernels.put(WGMMA, images.load(context, "scan_sm90a", WGMMA).kernel(WGMMA));
    }
    info = new GpuInfo(context.device(), String.join(", ", origins));
  }

  private static Gpu open() throws CudaUnavailableException {
    var devices = CudaDriver.get().devices();
    var context = devices.get(device(System.getProperty(DEVICE), devices.size())).open();
    try {
      return new Gpu(context, budget(System.getProperty(BUDGET), context.freeBytes()));
    } catch (Throwable e) {
      context.close();
      throw e;
    }
  }

  /**
   * Another one than this process's, with memory of its own accounting. For tests.
   *
   * @param budget bytes of device memory, more than 0
   * @throws CudaUnavailableException if there are no kernels for it
   */
  public static Gpu on(Context context, long budget) throws CudaUnavailableException {
    return new Gpu(context, budget);
  }

  /**
   * The one of this process.
   *
   * @throws CudaUnavailableException with the reason, if there is none that can be used
   */
  public static Gpu get() throws CudaUnavailableException {
    var why = Opened.ONCE.why();
    if (why != null) {
      throw why.again();
    }
    var gpu = Objects.requireNonNull(Opened.ONCE.gpu());
    var lost = gpu.lost;
    if (lost != null) {
      throw new CudaUnavailableException(lost);
    }
    return gpu;
  }

  /**
   * The same, even if its context was {@link #lost} since: what searches on it hands on then.
   *
   * @throws CudaUnavailableException with the reason, if it could never be used
   */
  public static Gpu opened() throws CudaUnavailableException {
    var gpu = Opened.ONCE.gpu();
    return gpu == null ? get() : gpu;
  }

  /** The number of a device, one of {@code count}. */
  static int device(@Nullable String text, int count) throws CudaUnavailableException {
    var number = text == null ? "0" : text;
    if (!Pattern.matches("\\d{1,9}", number) || Integer.parseInt(number) >= count) {
      throw new CudaUnavailableException(
          "-D%s=%s names no device: there are %d, from 0".formatted(DEVICE, number, count));
    }
    return Integer.parseInt(number);
  }

  /** Bytes, as {@code 8g}, {@code 500m} or {@code 60%} of what is free. */
  static long budget(@Nullable String text, long free) throws CudaUnavailableException {
    if (free < 100) {
      throw new CudaUnavailableException(
          "the device has no memory left: free=%d bytes; others use it".formatted(free));
    }
    if (text == null) {
      return free / 100 * DEFAULT_PERCENT;
    }
    var parts = Pattern.compile("(\\d{1,12})([kmgt%]?)").matcher(text);
    long number = parts.matches() ? Long.parseLong(parts.group(1)) : 0;
    String suffix = number == 0 ? "" : parts.group(2);
    long unit =
        switch (suffix) {
          case "k" -> 1L << 10;
          case "m" -> 1L << 20;
          case "g" -> 1L << 30;
          case "t" -> 1L << 40;
          case "%" -> free / 100;
          default -> 1;
        };
    boolean sensible = suffix.equals("%") ? number <= 100 : number <= Long.MAX_VALUE / unit;
    if (number == 0 || !sensible) {
      throw new CudaUnavailableException(
          "-D%s must be bytes of device memory, such as 8g, 500m or 60%%: found %s"
              .formatted(BUDGET, text));
    }
    return number * unit;
  }

  @Override
  public String toString() {
    return info.text();
  }

  /** Where everything lives. */
  public Context context() {
    return context;
  }

  /** What it is. */
  public Device device() {
    return context.device();
  }

  /** All device memory that Kith takes. */
  public DeviceLedger ledger() {
    return ledger;
  }

  /** Brings rows here. */
  public GpuBufferLoader loader() {
    return loader;
  }

  /** Whether kernels for Hopper's warpgroup products can run. */
  public boolean hasWgmma() {
    return wgmma;
  }

  /** A kernel of Kith's by its name; all are loaded when the device is opened. */
  public Kernel kernel(String name) {
    var kernel = kernels.get(name);
    if (kernel == null) {
      throw new IllegalArgumentException("no such kernel: " + name);
    }
    return kernel;
  }

  /** Why nothing can run any more; null while all is well. */
  public @Nullable String lost() {
    return lost;
  }

  /** Nothing can run any more on this context, because of that. */
  public void lose(CudaException e) {
    lost =
        "the GPU's context was lost (%s); start the process again to use it"
            .formatted(e.getMessage());
  }
}
