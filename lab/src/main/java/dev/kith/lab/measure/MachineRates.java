package dev.kith.lab.measure;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.Workers;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.IntToDoubleFunction;

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
    long some = readable(bytes);
    if (!tells(some, threads)) {
      return 0;
    }
    double rate = reading.computeIfAbsent(new Reading(some, threads), this::readRate);
    return bytes / rate * 1e3;
  }

  /** The least time of so many float32 multiply-adds. */
  public double computeMillis(double multiplyAdds, int threads) {
    double rate = computing.computeIfAbsent(threads, MachineRates::computeRate);
    return multiplyAdds / rate * 1e3;
  }

  /**
   * Measures again what {@link #readMillis} and {@link #computeMillis} of these arguments rest on,
   * and keeps the higher rate: other work on the machine lowers rates, nothing raises them.
   */
  public void measureAgain(long bytes, double multiplyAdds, int threads) {
    long some = readable(bytes);
    if (tells(some, threads)) {
      var key = new Reading(some, threads);
      reading.merge(key, readRate(key), Math::max);
    }
    if (multiplyAdds > 0) {
      computing.merge(threads, computeRate(threads), Math::max);
    }
  }

  private static double computeRate(int threads) {
    return together(threads, _ -> best(() -> ArithmeticRate.measure(PASSES)));
  }

  private double readRate(Reading what) {
    return together(
        what.threads,
        thread -> {
          long first = what.rows * thread / what.threads;
          long end = what.rows * (thread + 1) / what.threads;
          var part = rows.slice(first, end - first);
          return best(() -> ReadBandwidth.measure(part, PASSES));
        });
  }

  private long readable(long bytes) {
    return Math.min(bytes / rowBytes(), rows.size());
  }

  private boolean tells(long some, int threads) {
    return some * rowBytes() / threads >= FEW_BYTES;
  }

  private long rowBytes() {
    return (long) rows.dimension() * rows.elementType().bytes();
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
    var rates = new double[threads];
    Workers.run(threads, thread -> rates[thread] = rate.applyAsDouble(thread), () -> {});
    return Arrays.stream(rates).sum();
  }
}
