/**
 * Retrieval data sets in the folder layout of BEIR: {@link dev.kith.embed.beir.BeirFolder} streams
 * texts and reads judgments.
 */
@NullMarked
package dev.kith.embed.beir;

import org.jspecify.annotations.NullMarked;
