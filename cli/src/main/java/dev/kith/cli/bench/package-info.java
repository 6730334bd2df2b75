/**
 * Commands that measure: {@code bench} an index, alone or asked by many clients at once, {@code
 * bench-db} a collection over a bare search.
 */
@NullMarked
package dev.kith.cli.bench;

import org.jspecify.annotations.NullMarked;
