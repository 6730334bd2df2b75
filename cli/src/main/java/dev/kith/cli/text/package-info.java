/**
 * Commands on texts without a collection: {@code embed} turns them into vectors, {@code eval}
 * scores a model.
 */
@NullMarked
package dev.kith.cli.text;

import org.jspecify.annotations.NullMarked;
