package dev.kith.lab.measure;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Detector of times that were taken on a machine busy with other work. */
public final class Load {
  private static final double LEAST_SECONDS = 0.1;
  private static final double LEAST_SHARE = 0.8;
  private static final double MOST_SPREAD = 0.5;
  private static final int LEAST_RUNS = 9;

  private Load() {}

  /**
   * Remark of one line that begins with "machine busy", or null if nothing speaks for that.
   *
   * @param wallSeconds seconds that the runs took together; less than a tenth tells nothing
   * @param cpuSeconds seconds of work in that time, NaN if it is not known or a device does the
   *     work
   * @param times times of the runs; fewer than nine tell nothing by their spread
   */
  public static @Nullable String remark(double wallSeconds, double cpuSeconds, Times times) {
    if (wallSeconds >= LEAST_SECONDS && cpuSeconds < LEAST_SHARE * wallSeconds) {
      return String.format(
          Locale.ROOT,
          "machine busy: %.2f s of work took %.2f s; run again when it is idle",
          cpuSeconds,
          wallSeconds);
    }
    double share = times.spread() / times.least();
    if (times.each().size() >= LEAST_RUNS && share > MOST_SPREAD) {
      return String.format(
          Locale.ROOT,
          "machine busy: the spread is %.1f times the least time; run again when it is idle",
          share);
    }
    return null;
  }
}
