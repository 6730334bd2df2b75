package dev.kith.core.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Hits that the panel loops kept, off-heap, for one worker: {@code [capacity]} int32 each.
 *
 * @param rows counted from the first panel's first row
 * @param queries of the tile loops; NULL in a scan
 * @param products {@code <query codes, row codes>}
 * @param lowProducts with the second codes; NULL in a tile
 */
public record PanelHits(
    MemorySegment rows, MemorySegment queries, MemorySegment products, MemorySegment lowProducts) {

  /** Room for {@code capacity} hits of a scan, and for the rest of a register behind them. */
  public static PanelHits ofScan(Arena arena, long capacity) {
    long bytes = 4 * (capacity + Panels.ROWS);
    return new PanelHits(
        arena.allocate(bytes, 64),
        MemorySegment.NULL,
        arena.allocate(bytes, 64),
        arena.allocate(bytes, 64));
  }

  /** Room for {@code capacity} hits of tiles. */
  public static PanelHits ofTile(Arena arena, long capacity) {
    long bytes = 4 * capacity;
    return new PanelHits(
        arena.allocate(bytes, 64),
        arena.allocate(bytes, 64),
        arena.allocate(bytes, 64),
        MemorySegment.NULL);
  }

  /** Row of hit {@code i}. */
  public int row(int i) {
    return rows.get(Panels.INT, 4L * i);
  }

  /** Query of hit {@code i} of the tile loops. */
  public int query(int i) {
    return queries.get(Panels.INT, 4L * i);
  }

  /** Product of hit {@code i}. */
  public int product(int i) {
    return products.get(Panels.INT, 4L * i);
  }

  /** Second product of hit {@code i} of a scan. */
  public int lowProduct(int i) {
    return lowProducts.get(Panels.INT, 4L * i);
  }

  void put(int i, int row, int product, int lowProduct) {
    rows.set(Panels.INT, 4L * i, row);
    products.set(Panels.INT, 4L * i, product);
    lowProducts.set(Panels.INT, 4L * i, lowProduct);
  }
}
