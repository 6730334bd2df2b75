package dev.kith.core.backend;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;

/**
 * Is told of immutable segments of rows that storage opens and closes, so that a backend can keep
 * copies of them, in a device's memory for example. Other modules add theirs as a {@link
 * java.util.ServiceLoader} service. Implementations are safe for many threads and return soon: they
 * are called by the threads that open and close segments. What they throw is logged, not passed on.
 */
public interface SegmentListener {

  /**
   * A segment can be searched from now on.
   *
   * @param key the segment's identity, by {@code ==}: the same object comes with {@link #gone};
   *     what is kept by it must be dropped then
   * @param name of the segment, for messages
   * @param rows never change; to be read before {@link #gone} returns, not after
   * @param metric that searches of it use
   */
  void appeared(Object key, String name, VectorSource rows, Metric metric);

  /**
   * A segment is about to be closed: no search of it runs or will come. When this returns, its rows
   * must not be read any more. Comes once for each key that appeared, and may come for others.
   */
  void gone(Object key);
}
