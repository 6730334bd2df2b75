package dev.kith.core.search;

/**
 * What served a search, and how.
 *
 * @param backend that ran it, such as {@code simd}
 * @param index that was searched, such as {@code flat}
 * @param rowsScanned rows looked at, for all queries together
 * @param candidates rows whose canonical score was computed, for all queries together
 * @param proved whether the answer is proved to be the exact one
 */
public record SearchReport(
    String backend, String index, long rowsScanned, long candidates, boolean proved) {}
