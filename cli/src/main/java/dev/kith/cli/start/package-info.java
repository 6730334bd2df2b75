/**
 * Commands for a first look: {@code doctor} says what works on this machine, {@code demo} goes the
 * whole way on real texts.
 */
@NullMarked
package dev.kith.cli.start;

import org.jspecify.annotations.NullMarked;
