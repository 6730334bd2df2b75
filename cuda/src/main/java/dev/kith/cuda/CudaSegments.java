package dev.kith.cuda;

import dev.kith.core.backend.SegmentListener;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.store.DeviceSegments;

/**
 * Frees the copies of segments that storage closes. They are made by the first search that needs
 * them, not when a segment appears: not every segment is searched on the device.
 */
public final class CudaSegments implements SegmentListener {
  @Override
  public void appeared(Object key, String name, VectorSource rows, Metric metric) {
    DeviceSegments.appeared(key, rows);
  }

  @Override
  public void gone(Object key) {
    DeviceSegments.gone(key);
  }
}
