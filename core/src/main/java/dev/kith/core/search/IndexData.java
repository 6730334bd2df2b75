package dev.kith.core.search;

import dev.kith.core.metric.Metric;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;
import java.util.SequencedMap;

/**
 * Rows and the parts built from them: the data of an index, without the code that searches it,
 * which a backend brings. Each part is stored and mapped as it is. Immutable; safe for many
 * threads.
 */
public interface IndexData {

  /** Rows that are searched; closing them is left to the caller that gave them. */
  VectorSource rows();

  /** Metric by which rows are near. */
  Metric metric();

  /** The kind of index, with its parameters. */
  IndexSpec spec();

  /**
   * Parts built from the rows, by name, such as {@code shadow}; read-only, in the order in which
   * they are stored. Empty if there are only rows.
   */
  SequencedMap<String, MemorySegment> parts();

  /**
   * Checks, by reading everything, that the parts are undamaged and built from these rows.
   *
   * @throws dev.kith.core.vector.VectorDataException naming what is damaged and the first row
   *     concerned
   */
  void verify();

  /** Bytes of all parts together. */
  default long bytes() {
    return parts().values().stream().mapToLong(MemorySegment::byteSize).sum();
  }
}
