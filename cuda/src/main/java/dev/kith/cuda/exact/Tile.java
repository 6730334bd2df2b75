package dev.kith.cuda.exact;

/**
 * A shape of the loops over tiles: {@code scan.cu} has a kernel for each.
 *
 * @param rows of a tile
 * @param queries of a tile
 * @param stages of codes in shared memory
 */
record Tile(int rows, int queries, int stages) {
  private static final Tile[] ALL = {
    new Tile(128, 16, 4),
    new Tile(128, 32, 4),
    new Tile(128, 64, 3),
    new Tile(128, 128, 3),
    new Tile(256, 128, 3)
  };

  private static final int K_BYTES = 64;

  /** What eight warps keep in static shared memory. */
  private static final int QUEUE_BYTES = 8 * 192 * 12;

  /**
   * The smallest that takes {@code count} queries at once, or the largest that a block has memory
   * for.
   */
  static Tile of(int count, int sharedBytes) {
    var best = ALL[0];
    for (var tile : ALL) {
      if (tile.sharedBytes() + QUEUE_BYTES > sharedBytes || count <= best.queries) {
        break;
      }
      best = tile;
    }
    return best;
  }

  String kernel() {
    return "kith_scan_tile_" + Math.max(queries, rows == 256 ? rows : 0);
  }

  int sharedBytes() {
    return (rows + queries) * K_BYTES * stages;
  }
}
