package dev.kith.core.kernel;

import java.lang.foreign.MemorySegment;

/**
 * The loops over int8 codes in {@link Panels}. Products are integers and exact; the upper bound of
 * {@link PanelQuery} is computed in float32, each of its operations rounded or fused, which the
 * proof in {@code docs/exactness.md} leaves room for.
 *
 * <p>A row is dropped iff {@code bound < threshold}, so that NaN is kept, or if its bit in {@code
 * allowed} is 0. Hits come in any order. Implementations are stateless and safe for many threads;
 * nothing is read behind the last panel.
 */
public interface PanelKernel {

  /** Short name of the instruction set behind it, for reports. */
  String name();

  /**
   * Most queries at once that these loops serve sooner than the float32 loops beside them; more are
   * answered from the rows.
   */
  int mostQueries();

  /** Queries of a tile in {@link #tile}, or 0 if there is none. */
  default int tileQueries() {
    return 0;
  }

  /**
   * One query with two codes an element against panels.
   *
   * @param panels off-heap, whole panels
   * @param first the number of the first panel to scan
   * @param count of panels to scan
   * @param groups of 4 elements, {@link Panels#groups}
   * @param query made by {@link PanelQuery#single}
   * @param terms of that query
   * @param allowed a bit a row, from row 0 of panel 0 on, or {@link MemorySegment#NULL}
   * @param hits room for 16 a panel
   * @return how many were kept
   */
  int scan(
      MemorySegment panels,
      long first,
      int count,
      int groups,
      PanelQuery query,
      MemorySegment terms,
      MemorySegment allowed,
      PanelHits hits);

  /**
   * Queries with one code an element against panels.
   *
   * @param queries made by {@link PanelQuery#tiles} with this kernel's {@link #tileQueries}
   * @param terms of those queries
   * @param hits room for 16 a panel and query
   * @return how many were kept
   */
  default int tile(
      MemorySegment panels,
      long first,
      int count,
      int groups,
      PanelQuery queries,
      MemorySegment terms,
      MemorySegment allowed,
      PanelHits hits) {
    throw new IllegalStateException("these loops have no tiles: tileQueries() is 0");
  }
}
