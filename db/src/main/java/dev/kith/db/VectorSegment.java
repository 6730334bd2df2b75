package dev.kith.db;

import dev.kith.core.index.VectorIndex;
import dev.kith.core.search.RowFilter;
import dev.kith.db.point.PointId;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The vectors of one segment of a collection, for callers that search or load rows themselves. To
 * be used while the reader that gave it is open.
 *
 * @param index searches the rows where the files are mapped, those of deleted points among them
 * @param live the rows whose points are there, or null if all are
 * @param ids the point of a row
 */
public record VectorSegment(
    VectorIndex index, @Nullable RowFilter live, LongFunction<PointId> ids) {}
