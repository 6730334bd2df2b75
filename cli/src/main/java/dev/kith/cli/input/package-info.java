/**
 * What any command may be handed: files, vectors given or synthetic, texts, and the model that
 * embeds them. Knows no command.
 */
@NullMarked
package dev.kith.cli.input;

import org.jspecify.annotations.NullMarked;
