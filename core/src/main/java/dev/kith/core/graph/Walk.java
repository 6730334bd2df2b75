package dev.kith.core.graph;

import dev.kith.core.kernel.Picks;
import dev.kith.core.quant.Scorers;

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
    this(graph, scorers.scorer());
  }

  /** Creates a walk that shares its scorer, or the query of it, with others. */
  Walk(Graph graph, Scorers.Scorer scorer) {
    this.graph = graph;
    this.scorer = scorer;
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
    visited.clear();
    pool.start(width);
    for (int from = 0; from < count; ) {
      int some = Math.min(count - from, picks.rows().length);
      for (int i = 0; i < some; i++) {
        picks.rows()[i] = seeds[from + i];
        visited.add(seeds[from + i]);
      }
      take(some);
      from += some;
    }
    for (int row; (row = pool.expand()) >= 0; ) {
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
