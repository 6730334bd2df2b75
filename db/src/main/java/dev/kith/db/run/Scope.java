package dev.kith.db.run;

import dev.kith.core.search.Effort;
import dev.kith.db.filter.Filter;
import org.jspecify.annotations.Nullable;

/**
 * Which points a ranker may rank, and what it may use for that.
 *
 * @param filter that points must pass, or null for all
 * @param deadline by which it ends
 * @param backend that must search vectors, or null for the best one usable
 * @param threads the most to use, 0 for all cores
 * @param effort of searches for vectors, or null for what suits the field's index
 */
public record Scope(
    @Nullable Filter filter,
    Deadline deadline,
    @Nullable String backend,
    int threads,
    @Nullable Effort effort) {}
