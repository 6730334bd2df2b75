package dev.kith.core.search;

/**
 * What served a search, and how.
 *
 * @param backend that ran it, such as {@code simd}
 * @param index that was searched, such as {@code flat}
 * @param bound what excluded rows: {@code float32}, the rows themselves, or the name of their
 *     shadow, such as {@code int8}; {@code int8, float32} if some queries were answered by the one
 *     and some by the other. With a sparse filter it is the rows, even if there is a shadow
 * @param rowsScanned rows looked at, those that a filter lets through, for all queries together
 * @param candidates rows whose canonical score was computed, for all queries together
 * @param fallbacks queries for which the shadow's bound was too loose, so that the rows were
 *     scanned
 * @param proved whether the answer is proved to be the exact one
 * @param batched how many queries were searched together: those of the call, or, where {@link
 *     dev.kith.core.exact.BatchingSearch} took a single query along with others, those of that
 *     batch; the figures above are then the query's share of the batch's
 */
public record SearchReport(
    String backend,
    String index,
    String bound,
    long rowsScanned,
    long candidates,
    long fallbacks,
    boolean proved,
    long batched) {}
