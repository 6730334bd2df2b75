/**
 * The {@code kith} command line: a class a command, and what the commands share. {@link
 * dev.kith.cli.Main} maps exceptions to exit statuses; {@code Database}, {@code VectorOptions} and
 * {@code ModelOptions} are groups of options; {@code Screen} guards terminals, {@code Progress} and
 * {@code Json} print. Nothing depends on this package.
 */
@NullMarked
package dev.kith.cli;

import org.jspecify.annotations.NullMarked;
