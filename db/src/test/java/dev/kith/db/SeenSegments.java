package dev.kith.db;

import dev.kith.core.backend.SegmentListener;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Notes which segments there are, as a device cache would. */
public final class SeenSegments implements SegmentListener {
  /** Keys of segments that are there, with the dimension of their rows. */
  static final Map<Object, Integer> PRESENT = new ConcurrentHashMap<>();

  /** Keys of segments that are gone. */
  static final Set<Object> GONE = ConcurrentHashMap.newKeySet();

  @Override
  public void appeared(Object key, String name, VectorSource rows, Metric metric) {
    PRESENT.put(key, rows.dimension());
  }

  @Override
  public void gone(Object key) {
    PRESENT.remove(key);
    GONE.add(key);
  }
}
