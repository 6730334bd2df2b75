/**
 * The ladder: one search, slow to fast, a rung a step. A {@link dev.kith.lab.ladder.RungProvider}
 * brings the {@link dev.kith.lab.ladder.Rung}s of a device, {@link dev.kith.lab.ladder.Ladder} runs
 * and checks them, {@link dev.kith.lab.ladder.LadderResult} is what came of it.
 */
@NullMarked
package dev.kith.lab.ladder;

import org.jspecify.annotations.NullMarked;
