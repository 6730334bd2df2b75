package dev.kith.core.search;

import dev.kith.core.metric.Metric;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;
import java.util.SequencedMap;

/**
 * Rows and what was made of them for searches: data without a way to search it, which a backend
 * brings. Each part is stored and mapped as it is. Immutable; safe for many threads.
 */
public interface IndexData {

  /** The rows that are searched; whoever gave them closes them. */
  VectorSource rows();

  /** What "near" means. */
  Metric metric();

  /** The kind of index, with its parameters. */
  IndexSpec spec();

  /**
   * What was made of the rows, by name, such as {@code shadow}; read-only, in the order in which it
   * is stored. Empty if the rows are all there is.
   */
  SequencedMap<String, MemorySegment> parts();

  /**
   * Reads everything and checks that the parts are whole and of these rows.
   *
   * @throws dev.kith.core.vector.VectorDataException naming the part and the first row that is not
   */
  void verify();

  /** Bytes of all parts. */
  default long bytes() {
    return parts().values().stream().mapToLong(MemorySegment::byteSize).sum();
  }
}
