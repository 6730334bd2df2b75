package dev.kith.cuda.device;

import dev.kith.cuda.driver.CudaDriver;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.driver.Device;
import dev.kith.cuda.kernels.KernelImages;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The GPUs of this process, one {@link Gpu} a device, opened when it is first asked for. A search
 * names the one that it runs on; {@code -Dkith.cuda.device=N}, 0 if not given, says which it is
 * where nothing else does, {@code -Dkith.cuda.budget} how much memory of each is used. Safe for
 * many threads.
 */
public final class Gpus {
  private static final String DEVICE = "kith.cuda.device";
  private static final String BUDGET = "kith.cuda.budget";

  /** Percent of the memory free when a device is opened that are used if nothing is said. */
  private static final int DEFAULT_PERCENT = 80;

  /** The GPUs of this process, or why there are none. */
  private record Installed(@Nullable Gpus gpus, @Nullable CudaUnavailableException why) {
    static final Installed ONCE = once();

    private static Installed once() {
      try {
        return new Installed(
            new Gpus(
                CudaDriver.get().devices(),
                KernelImages.ofJar(),
                System.getProperty(DEVICE),
                System.getProperty(BUDGET)),
            null);
      } catch (CudaUnavailableException e) {
        return new Installed(null, e);
      }
    }
  }

  private final List<Slot> slots;
  private final @Nullable String preferred;

  /**
   * Opens none yet.
   *
   * @param preferred the number of the one that is used where none is named, as text, or null
   * @param budget of each, as text, or null
   */
  Gpus(
      List<Device> devices,
      KernelImages images,
      @Nullable String preferred,
      @Nullable String budget) {
    this.slots = devices.stream().map(device -> new Slot(device, images, budget)).toList();
    this.preferred = preferred;
  }

  /** A device, and what opening it came to. */
  private static final class Slot {
    private final Device device;
    private final KernelImages images;
    private final @Nullable String budget;
    private @Nullable Gpu gpu;
    private @Nullable CudaUnavailableException why;

    Slot(Device device, KernelImages images, @Nullable String budget) {
      this.device = device;
      this.images = images;
      this.budget = budget;
    }

    synchronized Gpu opened() throws CudaUnavailableException {
      if (why != null) {
        throw why.again();
      }
      var known = gpu;
      if (known == null) {
        try {
          gpu = known = open();
        } catch (CudaUnavailableException e) {
          why = e;
          throw e;
        } catch (CudaException e) {
          why = new CudaUnavailableException(e.toString());
          throw why.again();
        }
      }
      return known;
    }

    private Gpu open() throws CudaUnavailableException {
      var context = device.open();
      try {
        return new Gpu(context, images, Gpus.budget(budget, context.freeBytes()));
      } catch (Throwable e) {
        context.close();
        throw e;
      }
    }
  }

  /**
   * The GPUs of this process, at least one.
   *
   * @throws CudaUnavailableException with the reason, if it cannot use any
   */
  public static Gpus installed() throws CudaUnavailableException {
    var gpus = Installed.ONCE.gpus();
    var why = Installed.ONCE.why();
    if (gpus == null) {
      throw why == null ? new CudaUnavailableException("there is no GPU") : why.again();
    }
    return gpus;
  }

  /**
   * The GPU of this process that is used where none is named.
   *
   * @throws CudaUnavailableException with the reason, if it cannot be used, or not any more
   */
  public static Gpu get() throws CudaUnavailableException {
    var gpu = opened();
    var lost = gpu.lost();
    if (lost != null) {
      throw new CudaUnavailableException(lost);
    }
    return gpu;
  }

  /**
   * The same, even if its context was {@link Gpu#lost} since: what searches on it hands on then.
   *
   * @throws CudaUnavailableException with the reason, if it could never be used
   */
  public static Gpu opened() throws CudaUnavailableException {
    return installed().preferred();
  }

  /** How many devices there are; not each of them need be usable. */
  public int count() {
    return slots.size();
  }

  /**
   * The GPU of a device.
   *
   * @param number from 0
   * @throws CudaUnavailableException with the reason, then and whenever it is asked for again, if
   *     it cannot be used
   */
  public Gpu gpu(int number) throws CudaUnavailableException {
    if (number < 0 || number >= slots.size()) {
      throw new CudaUnavailableException(
          "there is no GPU %d: there are %d, from 0".formatted(number, slots.size()));
    }
    return slots.get(number).opened();
  }

  /**
   * The one that is used where none is named.
   *
   * @throws CudaUnavailableException as {@link #gpu}, or if what was given names none
   */
  public Gpu preferred() throws CudaUnavailableException {
    return gpu(device(preferred, slots.size()));
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
}
