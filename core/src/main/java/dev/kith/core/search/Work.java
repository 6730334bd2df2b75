package dev.kith.core.search;

/**
 * Work of a search, counted while it is done, for all its queries together.
 *
 * @param rowsRead rows that were read, themselves or their codes, among those that a filter lets
 *     through; a row that was read for several queries counts for each
 * @param keysComputed rows whose canonical key was computed
 * @param hops nodes of a graph that were expanded or looked through; from disk, each is a read
 * @param lists inverted lists that were read
 * @param fallbacks queries for which a bound was too loose, so that the rows were scanned
 */
public record Work(long rowsRead, long keysComputed, long hops, long lists, long fallbacks) {
  /** No work. */
  public static final Work NONE = new Work(0, 0, 0, 0, 0);

  /** Work of a scan, which knows neither hops nor lists. */
  public static Work ofScan(long rowsRead, long keysComputed, long fallbacks) {
    return new Work(rowsRead, keysComputed, 0, 0, fallbacks);
  }

  /** Sum of this work and {@code other}. */
  public Work plus(Work other) {
    return new Work(
        rowsRead + other.rowsRead,
        keysComputed + other.keysComputed,
        hops + other.hops,
        lists + other.lists,
        fallbacks + other.fallbacks);
  }

  /**
   * The {@code i}-th of {@code count} shares: as even as whole numbers allow, the first ones take
   * what is left over, and all of them add up to this.
   */
  public Work share(int i, int count) {
    return new Work(
        share(rowsRead, i, count),
        share(keysComputed, i, count),
        share(hops, i, count),
        share(lists, i, count),
        share(fallbacks, i, count));
  }

  private static long share(long total, int i, int count) {
    return total / count + (i < total % count ? 1 : 0);
  }
}
