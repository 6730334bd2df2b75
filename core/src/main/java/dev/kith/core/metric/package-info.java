/**
 * What "near" means: the metrics and their canonical float64 key, defined in {@code
 * docs/exactness.md} and the same on every backend.
 */
@NullMarked
package dev.kith.core.metric;

import org.jspecify.annotations.NullMarked;
