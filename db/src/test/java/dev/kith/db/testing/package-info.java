/**
 * For tests: a disk in memory that forgets what was not forced, fails on demand, and is otherwise a
 * file system like any other.
 */
@NullMarked
package dev.kith.db.testing;

import org.jspecify.annotations.NullMarked;
