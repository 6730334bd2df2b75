/**
 * The loops over float32 rows. Every kernel computes the same products within the same proved
 * bound; {@link dev.kith.core.kernel.ScalarKernel} is the reference. Here alone the Vector API is
 * used.
 */
@NullMarked
package dev.kith.core.kernel;

import org.jspecify.annotations.NullMarked;
