package dev.kith.core.kernel;

/** Packing of rows into a panel. */
final class RowPacking {
  /** Elements of a row that are moved at a time: that much of a panel stays in the L1 cache. */
  private static final int STRIP = 128;

  private RowPacking() {}

  /**
   * Packs as {@link ScanKernel#pack} says; {@code width} must be a constant where this is inlined.
   */
  static void pack(float[] rows, int count, int d, float[] panel, int at, int width) {
    for (int from = 0; from < d; from += STRIP) {
      int length = Math.min(STRIP, d - from);
      for (int r = 0; r < count; r++) {
        int source = r * d + from;
        int target = at + from * width + r;
        for (int i = 0; i < length; i++) {
          panel[target + i * width] = rows[source + i];
        }
      }
    }
  }
}
