package dev.kith.cuda.exact;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.kernels.Structs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What kernels left on the host for a group of queries.
 *
 * @param host pinned memory, results behind the queries as given
 * @param where places are
 * @param count of the queries
 */
record Outcomes(MemorySegment host, Layout where, int count) {
  private static final int FOUND = Structs.OUTCOME.offset("found");
  private static final int CANDIDATES = Structs.OUTCOME.offset("candidates");
  private static final int GAVE_UP = Structs.OUTCOME.offset("gaveUp");
  private static final int BROKEN = Structs.OUTCOME.offset("broken");

  // As kith.cuh numbers them.
  private static final int FULL = 1;
  private static final int BROKEN_ROW = 2;
  private static final int BROKEN_QUERY = 3;

  private int word(int query, int field) {
    long at = where.givenBytes() + where.reports + (long) Layout.OUTCOME_BYTES * query;
    return host.get(ValueLayout.JAVA_INT, at + field);
  }

  /**
   * Returns if the device found all queries finite.
   *
   * @throws VectorDataException naming the first element that is not
   */
  void requireFinite(VectorSource queries) {
    for (int q = 0; q < count; q++) {
      if (word(q, BROKEN) == BROKEN_QUERY) {
        VectorDataException.requireFinite(queries, q, queries.row(q));
        throw new IllegalStateException(
            "query %d was not finite on the device and is so in its source: it was changed"
                .formatted(q));
      }
    }
  }

  /** Whether the list of a query was too short for what its bounds, and its limit, left. */
  boolean isFull() {
    for (int q = 0; q < count; q++) {
      if (word(q, GAVE_UP) == FULL) {
        return true;
      }
    }
    return false;
  }

  /** The queries that gave up. */
  int[] loose() {
    int many = 0;
    for (int q = 0; q < count; q++) {
      many += word(q, GAVE_UP) != 0 ? 1 : 0;
    }
    var loose = new int[many];
    for (int q = count - 1; many > 0; q--) {
      if (word(q, GAVE_UP) != 0) {
        loose[--many] = q;
      }
    }
    return loose;
  }

  /**
   * Returns if every query has its answer.
   *
   * @throws BrokenRowException if a row of an answer is not finite
   * @throws VectorDataException if a row is not what it was when it was loaded
   */
  void requireWhole() {
    for (int q = 0; q < count; q++) {
      if (word(q, BROKEN) == BROKEN_ROW) {
        throw new BrokenRowException();
      }
      if (word(q, GAVE_UP) != 0 || word(q, BROKEN) != 0) {
        throw new VectorDataException(
            "a row's key must not be below its bound: query=%d; the rows were changed after they were loaded onto the device: open them again"
                .formatted(q));
      }
    }
  }

  /** Keys that were computed for all queries. */
  long candidates() {
    long all = 0;
    for (int q = 0; q < count; q++) {
      all += Integer.toUnsignedLong(word(q, CANDIDATES));
    }
    return all;
  }

  /** The answer of a query. */
  Neighbors answer(Metric metric, int query) {
    var results = host.asSlice(where.givenBytes());
    var rows = new long[word(query, FOUND)];
    var keys = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      long at = (long) query * where.k + i;
      int row = results.get(ValueLayout.JAVA_INT, where.found(count) + 4 * at);
      rows[i] = Integer.toUnsignedLong(row);
      keys[i] = results.get(ValueLayout.JAVA_DOUBLE, where.keys(count) + 8 * at);
    }
    return new Neighbors(metric, rows, keys);
  }
}
