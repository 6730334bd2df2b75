package dev.kith.core.graph;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.Picks;
import dev.kith.core.quant.Scorers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A walk through a graph, hop by hop, for a reader. It is replayed slowly, in the words of the
 * algorithm, beside the walk that searches make; if the two differ there is no trace. Searches know
 * nothing of it.
 *
 * @param width number of rows that are kept
 * @param seeds rows that the walk began from, the nearest first
 * @param hops hops, in their order
 * @param kept rows that were kept at the end, the nearest first
 */
public record WalkTrace(int width, List<Met> seeds, List<Hop> hops, List<Met> kept) {
  /** Copies the lists. */
  public WalkTrace {
    seeds = List.copyOf(seeds);
    hops = List.copyOf(hops);
    kept = List.copyOf(kept);
  }

  /**
   * Row that was estimated.
   *
   * @param squared estimate of its squared distance from the query, by its code
   */
  public record Met(int row, double squared) {}

  /**
   * One hop.
   *
   * @param row row that was expanded: the nearest of those kept that was not expanded before
   * @param known neighbours of it that were met before
   * @param fresh neighbours that were not, estimated now, in the order of the graph
   * @param kept rows that are kept afterwards, the nearest first
   * @param dropped rows that are not kept any more, or were not taken: too far
   */
  public record Hop(
      int row, List<Integer> known, List<Met> fresh, List<Met> kept, List<Integer> dropped) {
    /** Copies the lists. */
    public Hop {
      known = List.copyOf(known);
      fresh = List.copyOf(fresh);
      kept = List.copyOf(kept);
      dropped = List.copyOf(dropped);
    }
  }

  /** Number of rows that were estimated. */
  public int estimated() {
    return seeds.size() + hops.stream().mapToInt(hop -> hop.fresh.size()).sum();
  }

  /**
   * Traces a walk to {@code query}.
   *
   * @param width number of rows to keep, at least 1
   * @param seeds rows to begin from, all different, at least one
   * @throws IllegalStateException if searches walk otherwise, which is a defect
   */
  public static WalkTrace of(GraphData data, float[] query, int width, int... seeds) {
    if (width < 1 || seeds.length == 0) {
      throw new IllegalArgumentException(
          "a walk needs a width and a row to begin from: width=%d, rows=%d"
              .formatted(width, seeds.length));
    }
    var scorers = data.codes().scorers(Kernels.scalar());
    var replay = new Replay(data.graph(), scorers.scorer(), query, width);
    var trace = replay.walk(seeds);
    trace.requireSame(new Walk(data.graph(), scorers), query, seeds);
    return trace;
  }

  private void requireSame(Walk walk, float[] query, int[] from) {
    walk.scorer().setQuery(query);
    var pool = walk.run(from, from.length, width);
    var rows = Arrays.stream(pool.rows()).boxed().toList();
    var mine = kept.stream().map(Met::row).toList();
    if (!rows.equals(mine) || walk.hops() != hops.size() || walk.estimated() != estimated()) {
      throw new IllegalStateException(
          "the trace and the walk differ: traced=%s in %d hops and %d estimates, walked=%s in %d and %d"
              .formatted(mine, hops.size(), estimated(), rows, walk.hops(), walk.estimated()));
    }
  }

  /** The walk by its definition: a list that is sorted after every row. */
  private static final class Replay {
    private final Graph graph;
    private final Scorers.Scorer scorer;
    private final int width;
    private final Picks one = new Picks(1);
    private final BitSet met = new BitSet();
    private final BitSet expanded = new BitSet();
    private final List<Met> pool = new ArrayList<>();

    /** Estimates as they are compared, without what is the same for all rows. */
    private final Map<Integer, Float> estimates = new HashMap<>();

    private final Comparator<Met> nearest =
        Comparator.comparingDouble(row -> estimates.getOrDefault(row.row(), Float.NaN));

    Replay(Graph graph, Scorers.Scorer scorer, float[] query, int width) {
      this.graph = graph;
      this.scorer = scorer;
      this.width = width;
      scorer.setQuery(query);
    }

    WalkTrace walk(int[] from) {
      var begun = new ArrayList<Met>();
      for (int row : from) {
        begun.add(meet(row));
        keep(begun.getLast());
      }
      begun.sort(nearest);
      var hops = new ArrayList<Hop>();
      for (int row; (row = next()) >= 0; ) {
        hops.add(hop(row));
      }
      return new WalkTrace(width, begun, hops, pool);
    }

    /** Nearest kept row that was not expanded, or -1. */
    private int next() {
      return pool.stream()
          .mapToInt(Met::row)
          .filter(row -> !expanded.get(row))
          .findFirst()
          .orElse(-1);
    }

    private Hop hop(int row) {
      expanded.set(row);
      var known = new ArrayList<Integer>();
      var fresh = new ArrayList<Met>();
      var dropped = new ArrayList<Integer>();
      for (int link : graph.neighbours(row)) {
        if (met.get(link)) {
          known.add(link);
        } else {
          fresh.add(meet(link));
        }
      }
      for (var each : fresh) {
        dropped.addAll(keep(each));
      }
      return new Hop(row, known, fresh, pool, dropped);
    }

    private Met meet(int row) {
      met.set(row);
      one.rows()[0] = row;
      scorer.estimate(one, 1);
      float estimate = one.estimates()[0];
      estimates.put(row, estimate);
      return new Met(row, Math.max(0, (double) estimate + scorer.offset()));
    }

    /**
     * Keeps a row in its place; of equals, the earlier one stays first. Returns what is dropped.
     */
    private List<Integer> keep(Met row) {
      pool.add(row);
      pool.sort(nearest);
      return pool.size() <= width ? List.of() : List.of(pool.removeLast().row());
    }
  }
}
