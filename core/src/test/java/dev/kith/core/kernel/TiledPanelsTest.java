package dev.kith.core.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Tiles as their documentation defines them, one pair at a time. No loops of this module have
 * tiles, so this shows that {@link PanelQuery} packs them as documented and that the contract can
 * be met.
 */
class TiledPanelsTest extends PanelKernelContract {
  @Override
  protected PanelKernel kernel() {
    return new OnePairAtATime();
  }

  private static final class OnePairAtATime implements PanelKernel {
    private static final int WIDTH = 3;

    @Override
    public String name() {
      return "one pair at a time";
    }

    @Override
    public int mostQueries() {
      return Integer.MAX_VALUE;
    }

    @Override
    public int tileQueries() {
      return WIDTH;
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
      return new ScalarPanels().scan(panels, first, count, groups, query, terms, allowed, hits);
    }

    @Override
    public int tile(
        MemorySegment panels,
        long first,
        int count,
        int groups,
        PanelQuery queries,
        MemorySegment terms,
        MemorySegment allowed,
        PanelHits hits) {
      int n = 0;
      for (int q = 0; q < queries.count(); q++) {
        for (int row = 0; row < 16 * count; row++) {
          if (allowed.byteSize() > 0
              && (allowed.get(ValueLayout.JAVA_BYTE, 2 * first + row / 8) >> row % 8 & 1) == 0) {
            continue;
          }
          long panel = (first + row / 16) * (64L * groups + 384);
          int product = -PanelQuery.bias(terms, q);
          for (int i = 0; i < 4 * groups; i++) {
            // [tile][group][query][4]
            long at = 4L * ((long) (q / WIDTH * groups + i / 4) * WIDTH + q % WIDTH) + i % 4;
            long rowAt = panel + 64L * (i / 4) + 4L * (row % 16) + i % 4;
            product +=
                queries.high().get(ValueLayout.JAVA_BYTE, at)
                    * (panels.get(ValueLayout.JAVA_BYTE, rowAt) & 0xff);
          }
          long term = panel + 64L * groups + 4L * (row % 16);
          float bound =
              product * PanelQuery.scale(terms, q) * panels.get(Panels.FLOAT, term)
                  + panels.get(Panels.FLOAT, term + 64)
                  + PanelQuery.weight(terms, q) * panels.get(Panels.FLOAT, term + 128)
                  + PanelQuery.slack(terms, q) * panels.get(Panels.FLOAT, term + 192);
          if (!(bound < PanelQuery.threshold(terms, q))) {
            hits.rows().set(Panels.INT, 4L * n, row);
            hits.products().set(Panels.INT, 4L * n, product);
            hits.queries().set(Panels.INT, 4L * n, q);
            n++;
          }
        }
      }
      return n;
    }
  }
}
