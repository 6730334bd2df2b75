/**
 * The ladder's rungs on a GPU: one search by ever better kernels, from four launches a row to
 * tensor cores. {@link dev.kith.cuda.ladder.GpuLadder} lists them. For showing and measuring; what
 * searches for users is in {@code exact}.
 */
@NullMarked
package dev.kith.cuda.ladder;

import org.jspecify.annotations.NullMarked;
