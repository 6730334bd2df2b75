/**
 * The start of the {@code kith} command line: {@link dev.kith.cli.Main} lists the commands, which
 * live in the packages below this one. They share {@code console} (what is printed) and {@code
 * input} (what is given). Nothing depends on this package.
 */
@NullMarked
package dev.kith.cli;

import org.jspecify.annotations.NullMarked;
