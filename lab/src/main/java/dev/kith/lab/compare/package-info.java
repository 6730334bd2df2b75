/**
 * Comparison with peers: {@link dev.kith.lab.compare.Comparison} runs all contenders on equal data,
 * with equal {@code k}, against the same truth.
 */
@NullMarked
package dev.kith.lab.compare;

import org.jspecify.annotations.NullMarked;
