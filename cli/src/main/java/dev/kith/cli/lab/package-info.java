/**
 * Commands of {@code kith lab}, which tell and measure what searches do. {@code LabVectors} is what
 * they search.
 */
@NullMarked
package dev.kith.cli.lab;

import org.jspecify.annotations.NullMarked;
