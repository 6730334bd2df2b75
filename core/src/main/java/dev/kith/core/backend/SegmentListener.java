package dev.kith.core.backend;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;

/**
 * Listener to the immutable segments of rows that storage opens and closes, so that a backend can
 * keep copies of them, in a device's memory for example. Other modules add theirs as a {@link
 * java.util.ServiceLoader} service. Implementations are safe for many threads and return soon: they
 * are called by the threads that open and close segments. Exceptions that they throw are logged,
 * not passed on.
 */
public interface SegmentListener {

  /**
   * Announces a segment that can be searched from now on.
   *
   * @param key the segment's identity, by {@code ==}: {@link #gone} passes the same object, and
   *     whatever is kept by it must be dropped then
   * @param name of the segment, for messages
   * @param rows rows of the segment; they never change and may be read until {@link #gone} returns
   * @param metric metric of its searches
   */
  void appeared(Object key, String name, VectorSource rows, Metric metric);

  /**
   * Announces that a segment is about to be closed: no search of it runs or will come. When this
   * returns, its rows must not be read any more. Called once for each key that appeared, and
   * possibly for keys that did not.
   */
  void gone(Object key);
}
