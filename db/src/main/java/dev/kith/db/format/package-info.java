/**
 * How vectors lie in a Lucene segment: rows that are searched in place, and named parts that {@link
 * dev.kith.db.format.PartBuilder}s make of them. Layout: {@code docs/formats/segment-vectors.md}.
 */
@NullMarked
package dev.kith.db.format;

import org.jspecify.annotations.NullMarked;
