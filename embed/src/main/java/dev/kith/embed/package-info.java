/**
 * Text in, vectors out.
 *
 * <p>{@link dev.kith.embed.TextModel} embeds; {@link dev.kith.embed.ModelCatalog} knows the models
 * that have a name and finds them on the class path or in the cache folder; {@link
 * dev.kith.embed.ModelFetcher} brings one there. A {@code TextModel} is safe for many threads.
 */
@NullMarked
package dev.kith.embed;

import org.jspecify.annotations.NullMarked;
