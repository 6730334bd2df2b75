/** How much of the heap a buffer or a cache may take: what follows the heap's size. */
@NullMarked
package dev.kith.db.memory;

import org.jspecify.annotations.NullMarked;
