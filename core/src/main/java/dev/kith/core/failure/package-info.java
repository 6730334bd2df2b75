/** What goes wrong that no caller's code is to blame for, and what a caller can do about it. */
@NullMarked
package dev.kith.core.failure;

import org.jspecify.annotations.NullMarked;
