package dev.kith.cuda.exact;

import dev.kith.cuda.store.DeviceCodes;

/**
 * A group of queries on its way through the kernels.
 *
 * @param codes that are searched, and their rows
 * @param where memory of the search lies
 * @param count of the queries
 * @param padded the same, but 4 for 3: the third query twice
 * @param few whether they are scanned with two codes an element
 * @param wgmma whether Hopper's products are used where they suit
 * @param filtered whether some rows may not be returned
 * @param limited whether queries have limits, from the first chunk on
 */
record Group(
    DeviceCodes codes,
    Layout where,
    int count,
    int padded,
    boolean few,
    boolean wgmma,
    boolean filtered,
    boolean limited) {}
