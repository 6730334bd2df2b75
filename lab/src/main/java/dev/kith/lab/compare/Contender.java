package dev.kith.lab.compare;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Result of one way to search.
 *
 * @param name such as {@code kith native flat(shadow=int8)} or {@code faiss-cpu}
 * @param version version of the library, and the processor its BLAS took this one for, if not by
 *     its own choice
 * @param device {@code cpu} or {@code gpu}
 * @param runs results, one a batch size
 */
public record Contender(String name, String version, String device, List<Run> runs) {
  /** Copies the list. */
  public Contender {
    runs = List.copyOf(runs);
  }

  /**
   * Result for one batch size.
   *
   * @param batch number of queries handed over together
   * @param millis wall-clock milliseconds a query, of the fastest of the timed batches: other work
   *     on the machine only ever makes them slower
   * @param spread third less first quartile, in the same unit
   * @param timed number of batches that were timed
   * @param recall share of the true {@code k} nearest that were found; a row as near as the last of
   *     them counts
   * @param sameRows whether all rows and their order are those of the float64 definition
   * @param median wall clock a query, of the middle batch
   * @param cpuMillis work of all processors, a query, or null if it is not known or a device does
   *     the work
   * @param remark what a reader must know of these times, such as that the machine was busy, or
   *     null
   */
  public record Run(
      int batch,
      double millis,
      double spread,
      int timed,
      double recall,
      boolean sameRows,
      double median,
      @Nullable Double cpuMillis,
      @Nullable String remark) {}
}
