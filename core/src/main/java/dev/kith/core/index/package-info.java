/** Indexes over a source, named by a short text such as {@code flat}. */
@NullMarked
package dev.kith.core.index;

import org.jspecify.annotations.NullMarked;
