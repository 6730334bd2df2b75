/**
 * The ladder: one search, slow to fast, a rung a step. {@link dev.kith.lab.ladder.LadderResult} is
 * a ladder that was climbed.
 */
@NullMarked
package dev.kith.lab.ladder;

import org.jspecify.annotations.NullMarked;
