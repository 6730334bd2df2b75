package dev.kith.core.graph;

import dev.kith.core.kernel.Picks;
import dev.kith.core.quant.Scorers;
import java.util.function.IntPredicate;
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
  private @Nullable IntPredicate sought;
  private long hops;
  private long estimated;

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
    return run(seeds, count, width, null);
  }

  /**
   * Walks from {@code seeds}, which must differ, through all rows to those that are {@code wanted}.
   *
   * @param width number of wanted rows to keep; the others lie among them, {@link Pool#aside}
   * @param wanted rows that are looked for, or null for all
   * @return the pool, good until the next walk
   */
  Pool run(int[] seeds, int count, int width, @Nullable IntPredicate wanted) {
    sought = wanted;
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
    if (sought == null) {
      for (int i = 0; i < count; i++) {
        pool.offer(estimates[i], rows[i]);
      }
    } else {
      for (int i = 0; i < count; i++) {
        pool.offer(estimates[i], rows[i], !sought.test(rows[i]));
      }
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
