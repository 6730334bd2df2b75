/**
 * Kinds of indexes with their parameters, and their text form {@code name(key=value,...)}. A
 * package of its own, below {@code search}, because {@link dev.kith.core.search.IndexData} names
 * its spec.
 */
@NullMarked
package dev.kith.core.spec;

import org.jspecify.annotations.NullMarked;
