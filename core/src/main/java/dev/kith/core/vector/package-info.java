/**
 * Rows of numbers, wherever they lie: mapped files, memory, generated data.
 *
 * <p>{@link dev.kith.core.vector.VectorSource} is what everything else reads; {@link
 * dev.kith.core.vector.VectorFiles} opens one from a file, {@link
 * dev.kith.core.vector.VectorWriter} writes one. Sources are immutable and safe for many threads
 * until they are closed.
 */
@NullMarked
package dev.kith.core.vector;

import org.jspecify.annotations.NullMarked;
