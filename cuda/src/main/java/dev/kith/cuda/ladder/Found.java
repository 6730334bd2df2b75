package dev.kith.cuda.ladder;

import org.jspecify.annotations.Nullable;

/**
 * What a rung found for some queries.
 *
 * @param rows {@code [count][k]}, nearest first
 * @param distances {@code [count][k]}, L2 in float32, roots taken, ties by smaller row; null where
 *     the answer is proved to be the exact one
 * @param bytes that had to be read of the rows, or of their smaller copy, for all of the queries
 * @param multiplyAdds float32 operations that had to be done for all of them
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Found(
    long[][] rows, float @Nullable [][] distances, long bytes, double multiplyAdds) {}
