package dev.kith.db.transfer;

import dev.kith.db.Collection;
import dev.kith.db.point.Point;
import dev.kith.db.store.PointCheck;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Puts the points of a reader into a collection, a few thousand at a time in memory. */
public final class PointImport {
  private PointImport() {}

  /** As {@link #run(Collection, PointReader, Collection.Acknowledged, BooleanSupplier)}. */
  public static long run(Collection collection, PointReader points) {
    return run(collection, points, (_, _) -> {}, () -> false);
  }

  /**
   * Puts all points. What stands before a bad place is put and acknowledged all the same.
   *
   * @param acknowledged told how many points from the start are durable, and the last one's id
   * @param stopped asked before each point; once it says true, those read are put, and no more are
   * @return how many were put
   * @throws TransferException at the first place that does not hold a point of the collection's
   *     schema; the message says how many before it were put
   * @throws dev.kith.db.durability.WritesStoppedException if points could not be made durable
   */
  public static long run(
      Collection collection,
      PointReader points,
      Collection.Acknowledged acknowledged,
      BooleanSupplier stopped) {
    var iterator = new UntilBad(points, new PointCheck(collection.schema()), stopped);
    long put = collection.upsertAll(iterator, acknowledged);
    var bad = iterator.bad;
    if (bad != null) {
      throw new TransferException(
          put == 0
              ? bad.getMessage() + "; nothing was imported"
              : "%s; points imported before it: %d".formatted(bad.getMessage(), put),
          bad);
    }
    return put;
  }

  /** Ends before what is no point of the schema, and keeps why. */
  private static final class UntilBad implements Iterator<Point> {
    private final PointReader points;
    private final PointCheck check;
    private final BooleanSupplier stopped;
    private @Nullable Point next;
    private boolean ended;
    private @Nullable TransferException bad;

    UntilBad(PointReader points, PointCheck check, BooleanSupplier stopped) {
      this.points = points;
      this.check = check;
      this.stopped = stopped;
    }

    @Override
    public boolean hasNext() {
      if (next == null && !ended) {
        next = stopped.getAsBoolean() ? null : read();
        ended = next == null;
      }
      return next != null;
    }

    private @Nullable Point read() {
      try {
        var point = points.next();
        if (point != null) {
          check.require(point);
        }
        return point;
      } catch (TransferException e) {
        bad = e;
      } catch (IllegalArgumentException e) {
        bad = new TransferException("%s: %s".formatted(points.place(), e.getMessage()), e);
      }
      return null;
    }

    @Override
    public Point next() {
      var point = hasNext() ? next : null;
      if (point == null) {
        throw new NoSuchElementException();
      }
      next = null;
      return point;
    }
  }
}
