package dev.kith.core.search;

import java.util.AbstractList;
import java.util.Objects;

/** The rows nearest to one query, nearest first, ties by smaller row; immutable. */
public final class Neighbors extends AbstractList<Neighbor> {
  private final long[] rows;
  private final double[] scores;

  /** Takes over both arrays, {@code rows[i]} with {@code scores[i]}. */
  public Neighbors(long[] rows, double[] scores) {
    if (rows.length != scores.length) {
      throw new IllegalArgumentException(
          "each row has one score: rows=%d, scores=%d".formatted(rows.length, scores.length));
    }
    this.rows = rows;
    this.scores = scores;
  }

  @Override
  public int size() {
    return rows.length;
  }

  @Override
  public Neighbor get(int rank) {
    return new Neighbor(rows[Objects.checkIndex(rank, rows.length)], scores[rank]);
  }

  /** A copy of the row numbers alone. */
  public long[] rows() {
    return rows.clone();
  }
}
