package dev.kith.db;

import dev.kith.db.filter.Filter;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** The points of a reader as a stream, read a page at a time. Not safe for many threads. */
final class PointStream implements Iterator<Point> {
  private static final int PAGE = 500;

  private final CollectionReader reader;
  private final @Nullable Filter filter;
  private Iterator<Point> page = List.<Point>of().iterator();
  private @Nullable PointId after;
  private boolean ended;

  private PointStream(CollectionReader reader, @Nullable Filter filter) {
    this.reader = reader;
    this.filter = filter;
  }

  static Stream<Point> of(CollectionReader reader, @Nullable Filter filter) {
    int kind = Spliterator.ORDERED | Spliterator.DISTINCT | Spliterator.NONNULL;
    return StreamSupport.stream(
        Spliterators.spliteratorUnknownSize(new PointStream(reader, filter), kind), false);
  }

  @Override
  public boolean hasNext() {
    while (!page.hasNext() && !ended) {
      var next = reader.scroll(filter, after, PAGE);
      page = next.points().iterator();
      after = next.next();
      ended = after == null;
    }
    return page.hasNext();
  }

  @Override
  public Point next() {
    if (!hasNext()) {
      throw new NoSuchElementException("no more points");
    }
    return page.next();
  }
}
