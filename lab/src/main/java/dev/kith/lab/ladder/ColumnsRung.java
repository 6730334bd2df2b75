package dev.kith.lab.ladder;

import dev.kith.core.vector.VectorSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Rung of a loop that the JIT compiler turns into SIMD instructions by itself. */
final class ColumnsRung implements Rung {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  /** Number of rows side by side, whose sums fill a part of the first cache. */
  private static final int PANEL_ROWS = 256;

  @Override
  public String name() {
    return "auto-vectorised";
  }

  @Override
  public String explanation() {
    return "The same sums, many at a time. The rows are laid side by side, a panel of 256: first"
        + " all their first elements, then all their second ones. One step of the loop now adds to"
        + " sums that do not wait for each other, and the JIT compiler makes of it instructions"
        + " that take 8 or 16 rows at once. It does so only because both arrays are used at the"
        + " same place: at another one it would have to fear that they are the same array. The"
        + " loop is plain Java; the price is a second copy of the data in that order, and loading"
        + " and storing the sums again and again.";
  }

  @Override
  public SourceCode code() {
    return SourceCode.function(
        "lab/src/main/java/dev/kith/lab/ladder/ColumnsRung.java",
        "private static void addSquaredGaps(");
  }

  @Override
  public int queriesAtOnce(int queries) {
    return 1;
  }

  @Override
  public int threads() {
    return 1;
  }

  @Override
  public @Nullable String unavailable() {
    return null;
  }

  @Override
  public Prepared prepare(VectorSource rows, VectorSource queries, int k) {
    int d = rows.dimension();
    long panelBytes = (long) PANEL_ROWS * d * Float.BYTES;
    long panels = (rows.size() + PANEL_ROWS - 1) / PANEL_ROWS;
    var columns = Arena.ofAuto().allocate(panels * panelBytes, Float.BYTES);
    layOut(rows, columns, panelBytes);
    return new FloatLoop(rows, queries, k) {
      private final float[] column = new float[PANEL_ROWS];
      private final float[] sums = new float[PANEL_ROWS];

      @Override
      void scan(float[] query, Finalists finalists) {
        for (long first = 0; first < rows.size(); first += PANEL_ROWS) {
          long at = first / PANEL_ROWS * panelBytes;
          Arrays.fill(sums, 0);
          for (int i = 0; i < d; i++, at += PANEL_ROWS * (long) Float.BYTES) {
            MemorySegment.copy(columns, FLOAT, at, column, 0, PANEL_ROWS);
            addSquaredGaps(query[i], column, sums);
          }
          int count = (int) Math.min(PANEL_ROWS, rows.size() - first);
          for (int r = 0; r < count; r++) {
            finalists.offer(sums[r], first + r);
          }
        }
      }
    };
  }

  private static void layOut(VectorSource rows, MemorySegment columns, long panelBytes) {
    int d = rows.dimension();
    var row = new float[d];
    var panel = new float[PANEL_ROWS * d];
    for (var block : rows.blocks(PANEL_ROWS)) {
      for (int r = 0; r < block.rows(); r++) {
        block.decodeRow(r, row, 0);
        for (int i = 0; i < d; i++) {
          panel[i * PANEL_ROWS + r] = row[i];
        }
      }
      long at = block.firstRow() / PANEL_ROWS * panelBytes;
      MemorySegment.copy(panel, 0, columns, FLOAT, at, panel.length);
    }
  }

  private static void addSquaredGaps(float element, float[] column, float[] sums) {
    for (int r = 0; r < sums.length; r++) {
      float gap = element - column[r];
      sums[r] += gap * gap;
    }
  }
}
