package dev.kith.core.search;

import dev.kith.core.metric.Metric;
import java.util.AbstractList;
import java.util.Objects;

/**
 * The rows nearest to one query, nearest first, ties by smaller row; immutable.
 *
 * <p>Answers from several sources are merged by {@link #key}, never by score: the root that L2
 * shows makes equals of keys that differ.
 */
public final class Neighbors extends AbstractList<Neighbor> {
  private final Metric metric;
  private final long[] rows;
  private final double[] keys;

  /**
   * Takes over both arrays, {@code rows[i]} with {@code keys[i]}.
   *
   * @param metric metric of the keys
   * @param keys canonical, as {@link Metric#key} gives them
   */
  public Neighbors(Metric metric, long[] rows, double[] keys) {
    if (rows.length != keys.length) {
      throw new IllegalArgumentException(
          "each row has one key: rows=%d, keys=%d".formatted(rows.length, keys.length));
    }
    this.metric = metric;
    this.rows = rows;
    this.keys = keys;
  }

  @Override
  public int size() {
    return rows.length;
  }

  @Override
  public Neighbor get(int rank) {
    return new Neighbor(row(rank), metric.score(keys[rank]));
  }

  /** Row at {@code rank}, 0 for the nearest. */
  public long row(int rank) {
    return rows[Objects.checkIndex(rank, rows.length)];
  }

  /**
   * Canonical key of the row at {@code rank}, smaller is nearer: {@link Metric#key} of the query
   * and that row.
   */
  public double key(int rank) {
    return keys[Objects.checkIndex(rank, keys.length)];
  }

  /** A copy of the row numbers alone. */
  public long[] rows() {
    return rows.clone();
  }
}
