package dev.kith.core.kernel;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Loops in plain Java: the reference that the others are tested against, and the fallback where the
 * Vector API is missing. The JIT compiler vectorises the inner loop of {@link #tile}.
 */
public final class ScalarKernel implements ScanKernel {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final int PANEL_ROWS = 16;
  private static final int TILE_QUERIES = 4;

  /** Creates the loops. */
  public ScalarKernel() {}

  @Override
  public String name() {
    return "scalar loops";
  }

  @Override
  public int panelRows() {
    return PANEL_ROWS;
  }

  @Override
  public int tileQueries() {
    return TILE_QUERIES;
  }

  @Override
  public void dots(float[] query, MemorySegment rows, long stride, int count, float[] dots) {
    for (int r = 0; r < count; r++) {
      dots[r] = dot(query, rows, r * stride);
    }
  }

  @Override
  public void dots(
      float[] query, MemorySegment rows, long stride, int[] picked, int count, float[] dots) {
    for (int i = 0; i < count; i++) {
      dots[i] = dot(query, rows, picked[i] * stride);
    }
  }

  /** Product as four chains of sums, so that an addition need not wait for the last one. */
  private static float dot(float[] query, MemorySegment rows, long at) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    int i = 0;
    for (; i <= query.length - 4; i += 4) {
      s0 += query[i] * rows.get(FLOAT, at + 4L * i);
      s1 += query[i + 1] * rows.get(FLOAT, at + 4L * i + 4);
      s2 += query[i + 2] * rows.get(FLOAT, at + 4L * i + 8);
      s3 += query[i + 3] * rows.get(FLOAT, at + 4L * i + 12);
    }
    float sum = (s0 + s1) + (s2 + s3);
    for (; i < query.length; i++) {
      sum += query[i] * rows.get(FLOAT, at + 4L * i);
    }
    return sum;
  }

  @Override
  public void squaredNorms(
      MemorySegment rows, long stride, int d, int[] picked, int count, float[] norms) {
    for (int i = 0; i < count; i++) {
      long at = picked[i] * stride;
      float sum = 0;
      for (long e = at; e < at + 4L * d; e += 4) {
        float element = rows.get(FLOAT, e);
        sum += element * element;
      }
      norms[i] = sum;
    }
  }

  @Override
  public float squaredNorm(float[] row) {
    float sum = 0;
    for (float element : row) {
      sum += element * element;
    }
    return sum;
  }

  @Override
  public void pack(float[] rows, int count, int d, float[] panel, int at) {
    RowPacking.pack(rows, count, d, panel, at, PANEL_ROWS);
  }

  @Override
  public void tile(float[] rows, int rowsAt, float[] queries, int queriesAt, int d, float[] dots) {
    for (int q = 0; q < TILE_QUERIES; q++) {
      var sums = new float[PANEL_ROWS];
      for (int i = 0; i < d; i++) {
        float element = queries[queriesAt + i * TILE_QUERIES + q];
        int at = rowsAt + i * PANEL_ROWS;
        for (int r = 0; r < PANEL_ROWS; r++) {
          sums[r] += element * rows[at + r];
        }
      }
      System.arraycopy(sums, 0, dots, q * PANEL_ROWS, PANEL_ROWS);
    }
  }

  @Override
  public int select(
      float[] dots,
      int at,
      int from,
      int count,
      float[] mul,
      float[] add,
      float[] slack,
      float scale,
      float threshold,
      int[] kept) {
    int n = 0;
    for (int r = 0; r < count; r++) {
      if (!(dots[at + r] * mul[from + r] + add[from + r] + scale * slack[from + r] < threshold)) {
        kept[n++] = r;
      }
    }
    return n;
  }
}
