package dev.kith.cuda.store;

import dev.kith.core.metric.Metric;
import dev.kith.cuda.memory.DevicePart;
import dev.kith.cuda.memory.GpuBuffer;

/**
 * Tells the parts of one source apart.
 *
 * @param type what the part is
 * @param variant which of that type, compared by {@code equals}; holds no row of the source
 * @param <T> what the part is
 */
public record PartName<T extends DevicePart>(Class<T> type, Object variant) {
  /** The rows themselves. */
  static final PartName<GpuBuffer> ROWS = new PartName<>(GpuBuffer.class, "as stored");

  /** How codes differ. */
  private record OfCodes(Metric metric, Centre centre) {}

  /** The codes for a metric with a centre. */
  static PartName<DeviceCodes> codes(Metric metric, Centre centre) {
    return new PartName<>(DeviceCodes.class, new OfCodes(metric, centre));
  }
}
