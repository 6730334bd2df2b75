/** One class a command, and what they share: options, progress, JSON. Nothing depends on these. */
@NullMarked
package dev.kith.cli;

import org.jspecify.annotations.NullMarked;
