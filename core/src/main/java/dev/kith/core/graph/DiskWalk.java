package dev.kith.core.graph;

import dev.kith.core.kernel.Picks;
import dev.kith.core.quant.Scorers;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The walk of {@link Walk} where nodes are read from disk: takes the nearest rows that were not
 * expanded, some at a time, reads their nodes together, and expands them in this order. One at a
 * time it visits what {@link Walk} does, in the same order. Belongs to one thread.
 *
 * <p>Apart from {@link Walk} since the loop there is bound by memory and calls, and is kept free of
 * what a disk needs; all but the loop is shared: pool, visited rows and scorers.
 */
final class DiskWalk {
  private final NodeReader reader;
  private final NodeReader.Batch batch;
  private final Scorers.Scorer scorer;
  private final Visited visited;
  private final Pool pool = new Pool();
  private final Picks picks;
  private final int[] expanded;
  private final int[] links;
  private long hops;
  private long estimated;

  /** Receiver of the rows that a walk expands. */
  interface Rows {
    /** Takes the row of a node that was read. */
    void take(int row, MemorySegment node);
  }

  /**
   * Creates a walk.
   *
   * @param beam nodes that are read together, at most
   */
  DiskWalk(NodeReader reader, Scorers scorers, int beam) {
    this.reader = reader;
    this.batch = reader.new Batch(beam);
    this.scorer = scorers.scorer();
    this.visited = new Visited(reader.layout().size());
    this.picks = new Picks(Math.max(reader.layout().degree(), 64));
    this.expanded = new int[beam];
    this.links = new int[reader.layout().degree()];
  }

  /** Scorer whose query is searched for. */
  Scorers.Scorer scorer() {
    return scorer;
  }

  /**
   * Walks from {@code seeds}, which must differ.
   *
   * @param width number of rows to keep
   * @param rows hears of every row that is expanded
   * @return the pool, good until the next walk
   */
  Pool run(int[] seeds, int count, int width, Rows rows) {
    return run(seeds, count, width, null, rows);
  }

  /**
   * Walks from {@code seeds}, which must differ.
   *
   * @param width number of rows to keep
   * @param watch told before each read of nodes, and once more at the end; null for none
   * @param rows hears of every row that is expanded
   * @return the pool, good until the next walk
   */
  Pool run(int[] seeds, int count, int width, @Nullable Watch watch, Rows rows) {
    visited.clear();
    pool.start(width);
    long hopsBefore = hops;
    long estimatedBefore = estimated;
    for (int i = 0; i < count; i++) {
      picks.rows()[i] = seeds[i];
      visited.add(seeds[i]);
    }
    take(count);
    while (watch == null
        || !watch.stops(pool, scorer.offset(), hops - hopsBefore, estimated - estimatedBefore)) {
      int some = read(width, rows);
      if (some == 0) {
        break;
      }
      for (int i = 0; i < some; i++) {
        expand(expanded[i], batch.node(i));
      }
    }
    return pool;
  }

  /**
   * Reads the nearest rows of the last walk's pool that it did not expand, for their keys alone.
   *
   * @param count of the nearest rows, all of which have been read then
   * @param rows hears of every row that is read
   */
  void readNearest(int count, Rows rows) {
    int some;
    do {
      some = read(count, rows);
    } while (some > 0);
  }

  /** Reads the nearest rows that were not, among the first {@code most}; returns their number. */
  private int read(int most, Rows rows) {
    int some = 0;
    while (some < expanded.length && pool.settled() < Math.min(most, pool.size())) {
      expanded[some++] = pool.expand();
    }
    if (some > 0) {
      batch.read(expanded, some);
      hops += some;
    }
    for (int i = 0; i < some; i++) {
      rows.take(expanded[i], batch.node(i));
    }
    return some;
  }

  private void expand(int row, MemorySegment node) {
    int size = reader.layout().size();
    int at = reader.layout().rowBytes();
    int degree = node.get(NodeLayout.INT, at);
    if (degree < 0 || degree > links.length) {
      throw reader.damaged(
          "a node must have no more links than the header says", row, at, links.length, degree);
    }
    MemorySegment.copy(node, NodeLayout.INT, at + 4, links, 0, degree);
    int fresh = 0;
    for (int i = 0; i < degree; i++) {
      int link = links[i];
      if (link < 0 || link >= size) {
        throw reader.damaged(
            "links must lead to rows",
            row,
            at + 4 + 4 * i,
            "0 to " + (size - 1),
            Integer.toUnsignedString(link));
      }
      if (visited.add(link)) {
        picks.rows()[fresh++] = link;
      }
    }
    if (fresh > 0) {
      take(fresh);
    }
  }

  private void take(int count) {
    scorer.estimate(picks, count);
    estimated += count;
    for (int i = 0; i < count; i++) {
      pool.offer(picks.estimates()[i], picks.rows()[i]);
    }
  }

  /** Rows read, each by one read, since the walk was made. */
  long hops() {
    return hops;
  }

  /** Rows estimated since the walk was made. */
  long estimated() {
    return estimated;
  }
}
