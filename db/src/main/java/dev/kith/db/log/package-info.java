/**
 * The translog: what a collection acknowledged since its last checkpoint. {@code Translog} is what
 * collections hold; {@code Generation} knows the bytes of one file (docs/formats/translog.md),
 * {@code GenerationReader} decides what of it may be trusted (docs/decisions/0011).
 */
@NullMarked
package dev.kith.db.log;

import org.jspecify.annotations.NullMarked;
