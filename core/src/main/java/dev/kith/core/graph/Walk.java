package dev.kith.core.graph;

import dev.kith.core.kernel.Picks;
import dev.kith.core.quant.Scorers;
import org.jspecify.annotations.Nullable;

/**
 * Best-first walk through a graph with a pool of fixed width, which the literature calls a beam
 * search: expands the nearest known row, estimates its neighbours that were not met before, and
 * keeps the {@code width} nearest, until all that it keeps are expanded (Malkov, Yashunin:
 * Efficient and robust approximate nearest neighbor search using HNSW graphs, 2018, algorithm 2).
 * Belongs to one thread.
 */
final class Walk {
  private final Links graph;
  private final Scorers.Scorer scorer;
  private final Visited visited;
  private final Pool pool = new Pool();
  private final Picks picks;
  private final int[] links;
  private final int[] beyond;
  private @Nullable Sift sift;
  private long hops;
  private long estimated;
  private long hopsBefore;
  private long estimatedBefore;

  /** Wanted rows that this walk expanded. */
  private int found;

  Walk(Links graph, Scorers scorers) {
    this(graph, scorers.scorer());
  }

  /** Creates a walk that shares its scorer, or the query of it, with others. */
  Walk(Links graph, Scorers.Scorer scorer) {
    this.graph = graph;
    this.scorer = scorer;
    this.visited = new Visited(graph.size());
    this.picks = new Picks(Math.max(graph.degree(), 64));
    this.links = new int[graph.degree()];
    this.beyond = new int[graph.degree()];
  }

  /** Scorer whose query is searched for. */
  Scorers.Scorer scorer() {
    return scorer;
  }

  /**
   * Walks from {@code seeds}, which must differ.
   *
   * @param width number of rows to keep
   * @return the pool, good until the next walk
   */
  Pool run(int[] seeds, int count, int width) {
    return run(seeds, count, width, Graph.NONE, null, null);
  }

  /**
   * Walks from {@code seeds}, which must differ, to the rows that {@code what} wants.
   *
   * @param width number of wanted rows to keep; others lie among them, {@link Pool#aside}
   * @param what what is looked for, or null for all rows
   * @return the pool, good until the next walk; empty if the walk was given up
   */
  Pool run(int[] seeds, int count, int width, @Nullable Sift what) {
    return run(seeds, count, width, Graph.NONE, null, what);
  }

  /**
   * Walks from {@code seeds}, which must differ, as if {@code without} were not in the graph.
   *
   * @param width number of wanted rows to keep; others lie among them, {@link Pool#aside}
   * @param without a row, or {@link Graph#NONE}
   * @param watch told before each hop, and once more at the end; null for none
   * @param what what is looked for, or null for all rows
   * @return the pool, good until the next walk; empty if the walk was given up
   */
  Pool run(
      int[] seeds, int count, int width, int without, @Nullable Watch watch, @Nullable Sift what) {
    hopsBefore = hops;
    estimatedBefore = estimated;
    begin(seeds, count, width, without, what);
    return resume(watch);
  }

  /**
   * Begins again, from other seeds and with another aim; work done since {@link #run} counts on.
   *
   * @return the pool, good until the next walk; empty if the walk was given up
   */
  Pool again(
      int[] seeds, int count, int width, int without, @Nullable Watch watch, @Nullable Sift what) {
    begin(seeds, count, width, without, what);
    return resume(watch);
  }

  private void begin(int[] seeds, int count, int width, int without, @Nullable Sift what) {
    sift = what;
    found = 0;
    visited.clear();
    if (without != Graph.NONE) {
      visited.add(without);
    }
    pool.start(width);
    for (int from = 0; from < count; ) {
      int some = Math.min(count - from, picks.rows().length);
      int fresh = 0;
      for (int i = 0; i < some; i++) {
        if (visited.add(seeds[from + i])) {
          picks.rows()[fresh++] = seeds[from + i];
        }
      }
      take(fresh);
      from += some;
    }
  }

  /**
   * Goes on where another watch ended the walk.
   *
   * @param what what is looked for, by the same test as before
   * @return the pool, good until the next walk; empty if the walk was given up
   */
  Pool resume(@Nullable Watch watch, Sift what) {
    sift = what;
    return resume(watch);
  }

  private Pool resume(@Nullable Watch watch) {
    while (watch == null
        || !watch.stops(pool, scorer.offset(), hops - hopsBefore, estimated - estimatedBefore)) {
      int row = pool.expand();
      if (row < 0) {
        break;
      }
      int fresh = sift != null && sift.twoHops() ? leap(row, sift) : step(row);
      if (fresh > 0) {
        take(fresh);
      }
      if (sift != null) {
        found += sift.wanted().test(row) ? 1 : 0;
        if (sift.hopeless(hops - hopsBefore, estimated - estimatedBefore, found, pool.width())) {
          pool.start(pool.width());
        }
      }
    }
    return pool;
  }

  /** Picks the neighbours of {@code row} that were not met before; returns their number. */
  private int step(int row) {
    int degree = graph.neighbours(row, links);
    hops++;
    int fresh = 0;
    var rows = picks.rows();
    for (int i = 0; i < degree; i++) {
      int link = links[i];
      if (visited.add(link)) {
        rows[fresh++] = link;
      }
    }
    return fresh;
  }

  /**
   * Picks wanted rows that were not met before among the neighbours of {@code row}, and among the
   * neighbours of those that are not wanted, until a line is full.
   */
  private int leap(int row, Sift what) {
    int degree = graph.neighbours(row, links);
    hops++;
    int fresh = 0;
    int others = 0;
    var rows = picks.rows();
    for (int i = 0; i < degree; i++) {
      int link = links[i];
      if (!visited.contains(link)) {
        if (what.wanted().test(link)) {
          visited.add(link);
          rows[fresh++] = link;
        } else {
          links[others++] = link;
        }
      }
    }
    int most = graph.degree();
    for (int i = 0; i < others && fresh < most; i++) {
      visited.add(links[i]); // its line is read once; those left over keep their turn
      int count = graph.neighbours(links[i], beyond);
      hops++;
      for (int j = 0; j < count && fresh < most; j++) {
        int link = beyond[j];
        if (!visited.contains(link) && what.wanted().test(link)) {
          visited.add(link);
          rows[fresh++] = link;
        }
      }
    }
    return fresh;
  }

  private void take(int count) {
    scorer.estimate(picks, count);
    estimated += count;
    var rows = picks.rows();
    var estimates = picks.estimates();
    if (sift == null) {
      for (int i = 0; i < count; i++) {
        pool.offer(estimates[i], rows[i]);
      }
    } else {
      for (int i = 0; i < count; i++) {
        pool.offer(estimates[i], rows[i], !sift.wanted().test(rows[i]));
      }
    }
  }

  /** Rows whose neighbours were read since the walk was made. */
  long hops() {
    return hops;
  }

  /** Rows estimated since the walk was made. */
  long estimated() {
    return estimated;
  }
}
