/** Kinds of indexes with their parameters, and their text form {@code name(key=value,...)}. */
@NullMarked
package dev.kith.core.spec;

import org.jspecify.annotations.NullMarked;
