package dev.kith.core.search;

/**
 * One row of an answer.
 *
 * @param row position in the source
 * @param score a distance for L2, a similarity for COSINE and DOT
 */
public record Neighbor(long row, double score) {}
