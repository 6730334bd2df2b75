package dev.kith.core.graph;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Last step of every build: walks from the pivots, and links every row that was not reached to the
 * nearest one that was. A graph of clusters falls apart without it, and no width finds what no link
 * leads to.
 */
final class Reach {
  /** Rounds of linking; what is unreached after them becomes a pivot. */
  private static final int ROUNDS = 8;

  /** Width of the walks that look for the nearest reached row. */
  private static final int WIDTH = 64;

  private final Graph graph;
  private final CodedRows rows;
  private int[] pivots;

  Reach(Graph graph, int[] pivots, CodedRows rows) {
    this.graph = graph;
    this.pivots = pivots;
    this.rows = rows;
  }

  /** Links what is not reached; returns the pivots, perhaps with some more. */
  int[] link() {
    for (int round = 0; round < ROUNDS; round++) {
      var reached = reached(graph, pivots);
      if (reached.cardinality() == graph.size()) {
        return pivots;
      }
      link(reached);
    }
    var reached = reached(graph, pivots);
    var links = new int[graph.degree()];
    for (int row; (row = reached.nextClearBit(0)) < graph.size(); ) {
      pivots = Arrays.copyOf(pivots, pivots.length + 1);
      pivots[pivots.length - 1] = row;
      spread(graph, row, reached, links);
    }
    return pivots;
  }

  private void link(BitSet reached) {
    var incoming = new int[graph.size()];
    var links = new int[graph.degree()];
    for (int row = 0; row < graph.size(); row++) {
      int count = graph.neighbours(row, links);
      for (int i = 0; i < count; i++) {
        incoming[links[i]]++;
      }
    }
    var walk = new Walk(graph, rows.scorers());
    var finder = Pivots.of(pivots, rows).finder(walk.scorer());
    for (int row; (row = reached.nextClearBit(0)) < graph.size(); ) {
      walk.scorer().setRow(row);
      var seeds = finder.find();
      var pool = walk.run(seeds, finder.found(), WIDTH);
      for (int i = 0; i < pool.size(); i++) {
        int near = pool.row(i);
        if (near != row && reached.get(near) && add(near, row, links, incoming)) {
          break;
        }
      }
      spread(graph, row, reached, links); // as if it were: at worst the next round finds it again
    }
  }

  /** Adds a link, in the place of the last whose target has another if there is no room. */
  private boolean add(int from, int to, int[] links, int[] incoming) {
    int count = graph.neighbours(from, links);
    int place = count;
    if (count == graph.degree()) {
      do {
        place--;
      } while (place >= 0 && incoming[links[place]] < 2);
      if (place < 0) {
        return false;
      }
      incoming[links[place]]--;
    } else {
      count++;
    }
    links[place] = to;
    incoming[to]++;
    graph.setNeighbours(from, links, count);
    return true;
  }

  /** The rows that links lead to from {@code seeds}, the seeds among them. */
  static BitSet reached(Links graph, int[] seeds) {
    var reached = new BitSet(graph.size());
    var links = new int[graph.degree()];
    for (int seed : seeds) {
      spread(graph, seed, reached, links);
    }
    return reached;
  }

  /**
   * Adds the rows that links lead to from {@code seed}, and the seed, without those reached before.
   */
  static void spread(Links graph, int seed, BitSet reached, int[] links) {
    if (reached.get(seed)) {
      return;
    }
    reached.set(seed);
    var stack = new int[64];
    int depth = 0;
    stack[depth++] = seed;
    while (depth > 0) {
      int count = graph.neighbours(stack[--depth], links);
      for (int i = 0; i < count; i++) {
        if (!reached.get(links[i])) {
          reached.set(links[i]);
          if (depth == stack.length) {
            stack = Arrays.copyOf(stack, 2 * depth);
          }
          stack[depth++] = links[i];
        }
      }
    }
  }
}
