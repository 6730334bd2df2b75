package dev.kith.db.query;

import dev.kith.core.metric.Metric.ScoreKind;

/**
 * What served a query, and how. Of a fusion it sums up the vector searches within.
 *
 * @param scoreKind whether hits' scores are distances or similarities
 * @param backend that searched vectors, such as {@code simd}; {@code lucene} if words alone
 * @param index that was searched, such as {@code flat(shadow=int8)}; segments too small for a
 *     shadow are scanned without
 * @param bound what excluded rows, such as {@code int8, float32}; see {@link
 *     dev.kith.core.search.SearchReport}
 * @param segments that were searched
 * @param passed points with such a vector that are alive and pass the filter
 * @param rowsScanned rows looked at
 * @param candidates rows whose canonical score was computed
 * @param proved whether the answer is proved to be the exact one: always so for vectors today,
 *     never for words, nor where words found some of what was fused or scored again
 * @param stale whether acknowledged writes may be missing: the disk failed, so that they can be
 *     seen only when the collection is opened again
 */
public record QueryReport(
    ScoreKind scoreKind,
    String backend,
    String index,
    String bound,
    int segments,
    long passed,
    long rowsScanned,
    long candidates,
    boolean proved,
    boolean stale) {}
