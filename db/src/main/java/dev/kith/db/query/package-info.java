/**
 * What is asked of a collection and what it answers. A {@link dev.kith.db.query.Query} says what is
 * near (a vector, a point, words, several of these fused), among which points, and what comes with
 * them. All types are immutable.
 */
@NullMarked
package dev.kith.db.query;

import org.jspecify.annotations.NullMarked;
