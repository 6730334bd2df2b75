/** The device's memory: who holds how much of it, and how rows get there. */
@NullMarked
package dev.kith.cuda.memory;

import org.jspecify.annotations.NullMarked;
