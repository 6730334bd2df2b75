package dev.kith.lab.ladder;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Result of one rung. Times are milliseconds of wall clock, a query.
 *
 * @param name name of the rung, such as {@code scalar}
 * @param device {@code cpu} or {@code gpu}
 * @param millis median of the runs, the warm-up apart; for a sampled rung scaled to all rows
 * @param spread third less first quartile of the runs, in the same unit
 * @param rows rows found for the first query, nearest first; empty if {@code sampled}, for a
 *     sample's rows are not comparable with those of the other rungs
 * @param sameRows whether every run found the rows that the float64 definition names; if {@code
 *     sampled}, those that it names of the rows searched, as no others were compared
 * @param bytes that must be read of the rows, or of their smaller copy, a query
 * @param floorMillis what no program can be faster than: reading those bytes and doing those
 *     operations at the rates measured on this machine, whichever takes longer
 * @param sampled whether only the first rows were searched, as all would have taken too long; the
 *     times are scaled then
 * @param queriesAtOnce handed over together
 * @param threads that searched
 * @param rowsSearched how many rows were searched; all unless {@code sampled}
 * @param servedBy what ran it, such as {@code simd}
 * @param warmUpMillis time spent before the first run that counts, altogether
 * @param runs each run that counts, in order, scaled as {@code millis} is
 * @param deviceTime where a query's time went on a device, or null on the CPU
 * @param explanation one paragraph for a reader
 * @param code the loop, as it stands in the source
 * @param codeFile where it stands
 * @param cpuMillis work of all processors, a query, scaled as {@code millis} is; null if it is not
 *     known or a device does the work
 * @param remarks remarks that a reader of the times must know, such as that the machine was busy
 */
public record RungResult(
    String name,
    String device,
    double millis,
    double spread,
    List<Long> rows,
    boolean sameRows,
    long bytes,
    double floorMillis,
    boolean sampled,
    int queriesAtOnce,
    int threads,
    long rowsSearched,
    String servedBy,
    double warmUpMillis,
    List<Double> runs,
    @JsonSetter(nulls = Nulls.SET) @Nullable DeviceTime deviceTime,
    String explanation,
    String code,
    String codeFile,
    @JsonSetter(nulls = Nulls.SET) @Nullable Double cpuMillis,
    List<String> remarks) {
  /** Copies the lists. */
  public RungResult {
    rows = List.copyOf(rows);
    runs = List.copyOf(runs);
    remarks = List.copyOf(remarks);
  }

  /**
   * Parts of a query's time, in milliseconds. The three add up to {@link RungResult#millis}.
   *
   * @param kernels time of running kernels, by the device's own clock: the median of runs apart, as
   *     warm as those of {@code millis}
   * @param copies time of copies to the device and back, likewise
   * @param waiting rest of the time, in which the device did neither
   */
  public record DeviceTime(double kernels, double copies, double waiting) {
    /**
     * Parts of a query that takes {@code millis}. Pieces that are timed one by one take a little
     * longer than in a row, for an event takes time too; where they would exceed the whole they are
     * scaled to it, and nothing is left for waiting.
     */
    static DeviceTime within(double millis, double kernels, double copies) {
      double busy = kernels + copies;
      return busy <= millis
          ? new DeviceTime(kernels, copies, millis - busy)
          : new DeviceTime(millis * kernels / busy, millis * copies / busy, 0);
    }
  }
}
