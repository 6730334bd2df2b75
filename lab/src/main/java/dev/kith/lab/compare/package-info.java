/**
 * Kith beside its peers: {@link dev.kith.lab.compare.Comparison} runs all on equal data, with equal
 * {@code k}, against the same truth.
 */
@NullMarked
package dev.kith.lab.compare;

import org.jspecify.annotations.NullMarked;
