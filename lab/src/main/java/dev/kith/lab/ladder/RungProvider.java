package dev.kith.lab.ladder;

import dev.kith.core.vector.VectorSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rungs of one kind of device. */
public interface RungProvider {

  /** Kind of the device: {@code cpu} or {@code gpu}. */
  String device();

  /**
   * Reason why there is no such device here and what to do, in one line, or null if there is one.
   */
  @Nullable String unavailable();

  /** Rungs, slow to fast. */
  List<Rung> rungs();

  /** Largest k of its rungs. */
  default int mostNeighbours() {
    return Integer.MAX_VALUE;
  }

  /** Whether the CPU does the work, so that its time tells how long a search takes. */
  default boolean onCpu() {
    return false;
  }

  /** Floors that no program on this device can be faster than, for searches of {@code rows}. */
  Floors floors(VectorSource rows);

  /** Least time of some work. */
  interface Floors {
    /**
     * Milliseconds to read {@code bytes} and to do {@code multiplyAdds} float32 operations, by
     * whichever takes longer.
     */
    double millis(long bytes, double multiplyAdds, int threads);

    /** Floor of the same work, measured again if it can be; never more than before. */
    default double again(long bytes, double multiplyAdds, int threads) {
      return millis(bytes, multiplyAdds, threads);
    }
  }
}
