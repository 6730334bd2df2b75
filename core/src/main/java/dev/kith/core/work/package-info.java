/** Threads for scans, builds, coding and loading; how long work is stopped and told of. */
@NullMarked
package dev.kith.core.work;

import org.jspecify.annotations.NullMarked;
