package dev.kith.cuda.device;

import dev.kith.cuda.driver.Context;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.driver.Device;
import dev.kith.cuda.driver.Kernel;
import dev.kith.cuda.kernels.GpuInfo;
import dev.kith.cuda.kernels.KernelImages;
import dev.kith.cuda.kernels.KernelLoadException;
import dev.kith.cuda.kernels.KernelSet;
import dev.kith.cuda.kernels.LoadedKernels;
import dev.kith.cuda.memory.DeviceLedger;
import dev.kith.cuda.memory.GpuBufferLoader;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A GPU that searches run on: its context, its memory, and the kernels that were asked for. {@link
 * Gpus} opens one a device, which is never closed. Safe for many threads.
 */
public final class Gpu {
  /** The name of the backend whose searches run on GPUs, for reports and messages. */
  public static final String BACKEND = "cuda";

  /** That backend's priority, which says which backend is next best. */
  public static final int PRIORITY = 300;

  private final Context context;
  private final KernelImages images;
  private final DeviceLedger ledger;
  private final GpuBufferLoader loader;
  private final Map<KernelSet, Family> families = new ConcurrentHashMap<>();
  private final Map<Class<?>, Object> owned = new ConcurrentHashMap<>();

  /** Why nothing can run any more; null while all is well. */
  private volatile @Nullable String lost;

  Gpu(Context context, KernelImages images, long budget) {
    this.context = context;
    this.images = images;
    this.ledger = new DeviceLedger(context, budget);
    this.loader = new GpuBufferLoader(context, ledger);
  }

  /**
   * One apart from those of {@link Gpus}, with memory of its own accounting. For tests.
   *
   * @param budget bytes of device memory, more than 0
   */
  public static Gpu on(Context context, long budget) {
    return new Gpu(context, KernelImages.ofJar(), budget);
  }

  /** What came of loading a family of kernels, once it was tried. */
  private final class Family {
    private final KernelSet set;
    private volatile @Nullable LoadedKernels loaded;
    private @Nullable CudaUnavailableException why;

    Family(KernelSet set) {
      this.set = set;
    }

    /** By one thread; others that ask meanwhile wait for it. */
    LoadedKernels get() throws CudaUnavailableException {
      var known = loaded;
      return known == null ? load() : known;
    }

    private synchronized LoadedKernels load() throws CudaUnavailableException {
      if (why != null) {
        throw why.again();
      }
      var known = loaded;
      if (known == null) {
        try {
          loaded = known = images.load(context, set);
        } catch (CudaUnavailableException e) {
          why = e;
          throw e;
        }
      }
      return known;
    }
  }

  @Override
  public String toString() {
    var origins = new TreeSet<String>();
    for (var family : families.values()) {
      var loaded = family.loaded;
      if (loaded != null) {
        origins.add(loaded.origin());
      }
    }
    var kernels = origins.isEmpty() ? "none yet" : String.join(", ", origins);
    return new GpuInfo(device(), kernels).text();
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
    return device().major() == 9 && device().minor() == 0;
  }

  /**
   * The kernels of a family, loaded when it is first asked for.
   *
   * @throws CudaUnavailableException with the reason, then and whenever it is asked for again, if
   *     they cannot run here
   * @throws CudaException if the device fails otherwise; the next call tries again
   */
  public LoadedKernels load(KernelSet set) throws CudaUnavailableException {
    return families.computeIfAbsent(set, Family::new).get();
  }

  /**
   * A kernel of a family, as {@link #load} gives it.
   *
   * @throws KernelLoadException if the family cannot be loaded
   */
  public Kernel kernel(KernelSet set, String name) {
    try {
      return load(set).kernel(name);
    } catch (CudaUnavailableException e) {
      throw new KernelLoadException(set, e);
    }
  }

  /** What this GPU has one of, such as a store: made when it is first asked for, then kept. */
  public <T> T own(Class<T> type, Function<Gpu, T> maker) {
    return type.cast(owned.computeIfAbsent(type, _ -> maker.apply(this)));
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
