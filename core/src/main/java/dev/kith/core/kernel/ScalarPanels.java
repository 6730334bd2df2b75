package dev.kith.core.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Loops over codes in plain Java: the reference that the others are tested against. */
public final class ScalarPanels implements PanelKernel {

  private final int mostQueries;

  /** Creates loops that serve no query of a search, because those over float32 rows are faster. */
  public ScalarPanels() {
    this(0);
  }

  /** Creates loops that serve up to {@code mostQueries} queries at once. For tests. */
  public ScalarPanels(int mostQueries) {
    this.mostQueries = mostQueries;
  }

  @Override
  public String name() {
    return "scalar loops";
  }

  @Override
  public int mostQueries() {
    return mostQueries;
  }

  @Override
  public int scan(
      MemorySegment panels,
      long first,
      int count,
      int groups,
      PanelQuery query,
      MemorySegment terms,
      MemorySegment allowed,
      PanelHits hits) {
    int n = 0;
    var sums = new int[Panels.ROWS];
    var lows = new int[Panels.ROWS];
    for (int p = 0; p < count; p++) {
      long at = (first + p) * Panels.stride(groups);
      products(panels, at, groups, query.high(), PanelQuery.bias(terms, 0), sums);
      products(panels, at, groups, query.low(), PanelQuery.lowBias(terms, 0), lows);
      for (int r = 0; r < Panels.ROWS; r++) {
        float product =
            sums[r] * PanelQuery.scale(terms, 0) + lows[r] * PanelQuery.lowScale(terms, 0);
        if (keeps(panels, at + Panels.termsAt(groups), first + p, r, product, terms, allowed)) {
          hits.put(n++, Panels.ROWS * p + r, sums[r], lows[r]);
        }
      }
    }
    return n;
  }

  private static void products(
      MemorySegment panels, long at, int groups, MemorySegment codes, int bias, int[] sums) {
    for (int r = 0; r < Panels.ROWS; r++) {
      int sum = -bias;
      for (int g = 0; g < groups; g++) {
        int row = panels.get(Panels.INT, at + (long) Panels.GROUP_BYTES * g + 4L * r);
        int query = codes.get(Panels.INT, 4L * g);
        sum += (row & 0xff) * (byte) query;
        sum += (row >>> 8 & 0xff) * (byte) (query >>> 8);
        sum += (row >>> 16 & 0xff) * (byte) (query >>> 16);
        sum += (row >>> 24) * (byte) (query >>> 24);
      }
      sums[r] = sum;
    }
  }

  private static boolean keeps(
      MemorySegment panels,
      long termsAt,
      long panel,
      int r,
      float product,
      MemorySegment terms,
      MemorySegment allowed) {
    if (allowed.byteSize() != 0
        && (allowed.get(ValueLayout.JAVA_BYTE, 2 * panel + r / 8) >>> r % 8 & 1) == 0) {
      return false;
    }
    long at = termsAt + 4L * r;
    float bound =
        product * panels.get(Panels.FLOAT, at + Panels.SCALE)
            + panels.get(Panels.FLOAT, at + Panels.LIFT)
            + PanelQuery.weight(terms, 0) * panels.get(Panels.FLOAT, at + Panels.RESIDUAL)
            + PanelQuery.slack(terms, 0) * panels.get(Panels.FLOAT, at + Panels.REACH);
    return !(bound < PanelQuery.threshold(terms, 0));
  }
}
