/**
 * The query engine: how a {@link dev.kith.db.query.Query} becomes an answer. It fuses, recommends,
 * ranks anew and groups what a {@link dev.kith.db.run.Ranker} ranks, and knows neither segments nor
 * machines: the store ranks in segments, a cluster may rank in shards.
 */
@NullMarked
package dev.kith.db.run;

import org.jspecify.annotations.NullMarked;
