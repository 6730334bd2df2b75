package dev.kith.core.backend;

import dev.kith.core.exact.ExactSearch;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Shadow;
import dev.kith.core.vector.VectorSource;
import org.jspecify.annotations.Nullable;

/**
 * A place where searches run. All backends give the same answers. Other modules add theirs as a
 * {@link java.util.ServiceLoader} service. Implementations are safe for many threads.
 */
public interface Backend {

  /** Short lower-case name, such as {@code simd}; unique. */
  String name();

  /** What its searches run on: {@code cpu} or {@code gpu}. */
  default String device() {
    return "cpu";
  }

  /** Among usable backends the highest is chosen: scalar 0, simd 100, native 200, cuda 300. */
  int priority();

  /** Whether this machine and this process can run it, and why. Cheap; never throws. */
  Probe probe();

  /**
   * Exact search over {@code rows}, which stay the caller's to close. Reads nothing yet.
   *
   * @param shadow of these rows for this metric, to be scanned first, or null
   */
  ExactSearch exactSearch(VectorSource rows, Metric metric, @Nullable Shadow shadow);

  /**
   * What a probe found.
   *
   * @param usable whether the backend can run here
   * @param reason what it would run on, or what is missing and what to do
   * @param expected whether a user would think that it can: if not, as where a machine has no GPU
   *     at all, nobody is warned that others serve in its place
   */
  record Probe(boolean usable, String reason, boolean expected) {
    /** One that a user would think can run. */
    public Probe(boolean usable, String reason) {
      this(usable, reason, true);
    }
  }
}
