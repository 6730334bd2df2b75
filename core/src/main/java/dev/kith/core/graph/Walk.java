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
  private final Graph graph;
  private final Scorers.Scorer scorer;
  private final Visited visited;
  private final Pool pool = new Pool();
  private final Picks picks;
  private final int[] links;
  private long hops;
  private long estimated;

  Walk(Graph graph, Scorers scorers) {
    this.graph = graph;
    this.scorer = scorers.scorer();
    this.visited = new Visited(graph.size());
    this.picks = new Picks(Math.max(graph.degree(), 64));
    this.links = new int[graph.degree()];
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
    return run(seeds, count, width, Graph.NONE, null);
  }

  /**
   * Walks from {@code seeds}, which must differ, as if {@code without} were not in the graph.
   *
   * @param width number of rows to keep
   * @param without a row, or {@link Graph#NONE}
   * @param watch told before each hop, and once more at the end; null for none
   * @return the pool, good until the next walk
   */
  Pool run(int[] seeds, int count, int width, int without, @Nullable Watch watch) {
    visited.clear();
    if (without != Graph.NONE) {
      visited.add(without);
    }
    pool.start(width);
    long hopsBefore = hops;
    long estimatedBefore = estimated;
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
    while (watch == null
        || !watch.stops(pool, scorer.offset(), hops - hopsBefore, estimated - estimatedBefore)) {
      int row = pool.expand();
      if (row < 0) {
        break;
      }
      hops++;
      int degree = graph.neighbours(row, links);
      int fresh = 0;
      var rows = picks.rows();
      for (int i = 0; i < degree; i++) {
        int link = links[i];
        if (visited.add(link)) {
          rows[fresh++] = link;
        }
      }
      if (fresh > 0) {
        take(fresh);
      }
    }
    return pool;
  }

  private void take(int count) {
    scorer.estimate(picks, count);
    estimated += count;
    var rows = picks.rows();
    var estimates = picks.estimates();
    for (int i = 0; i < count; i++) {
      pool.offer(estimates[i], rows[i]);
    }
  }

  /** Rows expanded since the walk was made. */
  long hops() {
    return hops;
  }

  /** Rows estimated since the walk was made. */
  long estimated() {
    return estimated;
  }
}
