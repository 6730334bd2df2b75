/**
 * Collections in folders of this machine, and in memory: how points become documents of Lucene,
 * filters its queries, and segments the ranking that {@link dev.kith.db.run.QueryEngine} asks for.
 * With {@code format}, the only home of Lucene.
 */
@NullMarked
package dev.kith.db.store;

import org.jspecify.annotations.NullMarked;
