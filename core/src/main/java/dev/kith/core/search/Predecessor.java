package dev.kith.core.search;

import java.util.function.LongUnaryOperator;

/**
 * An older index whose rows, or some of them, are rows of one that is built.
 *
 * @param data older index
 * @param rowOf gives for each of its rows the number of the same row in the new index, or a
 *     negative one if the row is gone; no number twice
 */
public record Predecessor(IndexData data, LongUnaryOperator rowOf) {}
