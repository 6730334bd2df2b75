package dev.kith.cuda.exact;

/**
 * What tests and measurements vary.
 *
 * @param wgmma whether Hopper's warpgroup products may be used, where there are any
 * @param chunkRows rows that are streamed together, or 0 to keep what fits on the device
 */
record Tuning(boolean wgmma, int chunkRows) {
  static final Tuning DEFAULT = new Tuning(true, 0);
}
