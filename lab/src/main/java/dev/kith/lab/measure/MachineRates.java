package dev.kith.lab.measure;

import dev.kith.core.kernel.ArithmeticRate;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.ReadBandwidth;
import dev.kith.core.vector.VectorSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.DoubleSupplier;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * How fast this machine can read and compute at all, measured when asked for and then kept. Rates
 * of several threads are measured with all of them at work. Not safe for many threads.
 */
public final class MachineRates {
  private static final int PASSES = 5;
  private static final long MEASURED_NANOS = 400_000_000;

  /** Fewer are read in less time than a clock can tell. */
  private static final long FEW_BYTES = 1 << 16;

  private final VectorSource rows;
  private final Map<Reading, Double> reading = new HashMap<>();
  private final Map<Integer, Double> computing = new HashMap<>();

  /** So many of the rows, read by so many threads. */
  private record Reading(long rows, int threads) {}

  /**
   * Measures by reading these rows.
   *
   * @throws IllegalArgumentException without the Vector API, which the measuring loops need
   */
  public MachineRates(VectorSource rows) {
    if (!Kernels.hasSimd()) {
      throw new IllegalArgumentException(
          "the floors are measured with the Vector API: start java with --add-modules "
              + Kernels.VECTOR_MODULE);
    }
    this.rows = rows;
  }

  /**
   * The least time in which {@code bytes} can be read again and again: with caches where they fit,
   * from memory where they do not. 0 if they are too few to tell.
   */
  public double readMillis(long bytes, int threads) {
    long rowBytes = (long) rows.dimension() * rows.elementType().bytes();
    long some = Math.min(bytes / rowBytes, rows.size());
    if (some * rowBytes / threads < FEW_BYTES) {
      return 0;
    }
    double rate =
        reading.computeIfAbsent(
            new Reading(some, threads),
            key ->
                together(
                    threads,
                    thread -> {
                      long first = some * thread / threads;
                      long end = some * (thread + 1) / threads;
                      var part = rows.slice(first, end - first);
                      return best(() -> ReadBandwidth.measure(part, PASSES));
                    }));
    return bytes / rate * 1e3;
  }

  /** The least time of so many float32 multiply-adds. */
  public double computeMillis(double multiplyAdds, int threads) {
    double rate =
        computing.computeIfAbsent(
            threads,
            key -> together(threads, thread -> best(() -> ArithmeticRate.measure(PASSES))));
    return multiplyAdds / rate * 1e3;
  }

  /** Long enough for the JIT compiler. */
  private static double best(DoubleSupplier rate) {
    double best = 0;
    for (long end = System.nanoTime() + MEASURED_NANOS; System.nanoTime() < end; ) {
      best = Math.max(best, rate.getAsDouble());
    }
    return best;
  }

  /** The sum of what each thread reaches while the others work too. */
  private static double together(int threads, IntToDoubleFunction rate) {
    try (var workers = Executors.newFixedThreadPool(threads)) {
      var running =
          IntStream.range(0, threads)
              .mapToObj(thread -> workers.submit(() -> rate.applyAsDouble(thread)))
              .toList();
      double sum = 0;
      for (Future<Double> one : running) {
        sum += one.get();
      }
      return sum;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("measuring was interrupted", e);
    }
  }
}
