package dev.kith.core.graph;

import dev.kith.core.quant.Scorers;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.Searcher;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Chooses how a query with a filter is answered: by an exact scan of the rows that pass, by a walk
 * through all rows, or by one of two hops over those that do not pass. The literature measures such
 * walks at fixed widths (Patel and others, ACORN, SIGMOD 2024); here one is as good as its rule
 * says, or gives way to the scan. Immutable; safe for many threads.
 */
final class FilterPlanner {
  /*
   * Implementation notes
   *
   * Steps cost what was measured on this index (WalkCosts); how many there will be is a guess:
   *
   *   scan       one row for each that passes, whatever the filter
   *   all rows   width / p hops, a line each
   *   two hops   width hops, each of 1 / p lines at most, for a hop ends with a line's worth of rows
   *
   * and a walk of h hops estimates some degree * h^0.72 rows, as neighbourhoods overlap (measured on
   * WordNet and on clusters: docs/results/graph-cpu.md). Here p is the share of rows that pass where
   * the query is, which a filter that goes with the rows' places makes quite another than the share
   * of all: it is counted, for each query, among the rows within two links of the walk's seeds.
   *
   * A guess may be wrong, so that a walk knows what the scan costs and is given up when it has cost
   * as much, or, after a tenth of that, is expected to cost half as much again (Sift). The scan then
   * answers. So does it when a walk ends with fewer rows than it was to keep, though more pass: the
   * rows that pass, or what leads to them, fall apart, and what lies beyond is unknown. Where rows
   * that pass are scarce near the query, p surely less than SCARCE of the share of all, the scan
   * answers at once: a walk would end on the side on which it meets the first of them, though others
   * are as near on other sides (recall 0.04 of half of the rows, those far from the query). A walk of
   * two hops is more easily led astray, for it sees no rows between: it is not tried where p is
   * surely less than the share of all.
   *
   * For a recall nothing is guessed. Walks end by rules (FilterRules), which know how many hops and
   * estimates they took in the measurement, by the share of rows that pass. That share is counted
   * among the 100 nearest rows that the first stage of the walk knows (FilteredWalk). That stage is a
   * fifth to a half of a walk: where the scan is not much dearer, the look at the rows about the
   * seeds has to do. Whole walks cost more than their lines and estimates (rows are tested and kept
   * in order), by factors that are measured in turns with the steps. A walk that costs more than the
   * scan would is given up: twice the cost of the scan is the worst.
   */

  /** Power of the hops that the number of estimates goes with. */
  private static final double OVERLAP = 0.72;

  /** Lines that are read to see how many rows pass near a query, beside those of the seeds. */
  private static final int PROBED = 6;

  /** Share of rows that pass near the query, in that of all, that walks need. */
  private static final double SCARCE = 0.5;

  /** Share of rows that pass, in the measurement of walks. */
  private static final double TYPICAL = 0.15;

  /** Walks of one repetition, rows that each estimates, and rows that it keeps. */
  private static final int QUERIES = 8;

  private static final int ESTIMATES = 1_500;
  private static final int KEPT = 100;

  /** Repetitions; the first ones only warm the loops up. */
  private static final int ROUNDS = 5;

  /** Nanoseconds that steps are measured for in a repetition. */
  private static final long SOME_PATIENCE = 5_000_000;

  /** Cost of a scan, in that of a walk's first stage, up to which that stage is too dear a look. */
  private static final double CHEAP = 8;

  private final Links links;
  private final WalkCosts costs;
  private final int size;
  private final double allFactor;
  private final double twoHopsFactor;

  /** Creates a planner for which walks take the time of their steps. */
  FilterPlanner(Links links, WalkCosts costs) {
    this(links, costs, 1, 1);
  }

  /**
   * Creates a planner.
   *
   * @param allFactor time of walks through all rows, in that of their steps
   * @param twoHopsFactor time of walks of two hops, in that of their steps
   */
  FilterPlanner(Links links, WalkCosts costs, double allFactor, double twoHopsFactor) {
    this.allFactor = allFactor;
    this.twoHopsFactor = twoHopsFactor;
    this.links = links;
    this.costs = costs;
    this.size = links.size();
  }

  /**
   * Measures costs on the rows of an index: those of steps, and those of whole walks of either way,
   * which also test rows and keep them in order. All take turns, so that what else the machine does
   * is the same for all. Takes some 70 milliseconds.
   */
  static FilterPlanner measure(GraphData data, Scorers scorers, Entry entry, Searcher exact) {
    int size = data.graph().size();
    var costs = WalkCosts.measure(data.rows(), data.graph(), scorers, exact);
    if (data.filtered() == null || size == 0) {
      return new FilterPlanner(data.graph(), costs);
    }
    var random = new SplittableRandom(2);
    var filter = RowFilter.of(size, row -> random.nextDouble() < TYPICAL);
    var walk = new Walk(data.graph(), scorers);
    var finder = entry.finder(walk.scorer());
    var filtered = new FilteredWalk(walk);
    var least = new double[] {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY};
    var lines = new long[2];
    var estimates = new long[2];
    for (int round = 0; round < ROUNDS; round++) {
      costs =
          costs.least(WalkCosts.measure(data.rows(), data.graph(), scorers, exact, SOME_PATIENCE));
      for (int way = 0; way < 2; way++) {
        long hops = walk.hops();
        long estimated = walk.estimated();
        long spent = 0;
        for (int i = 0; i < QUERIES; i++) {
          int row = random.nextInt(size);
          walk.scorer().setRow(row);
          var seeds = finder.find();
          var sift =
              new Sift(
                  each -> filter.allows(each), way == 1, WalkCosts.NONE, Double.POSITIVE_INFINITY);
          long start = WalkCosts.now();
          filtered.begin(seeds, finder.found(), KEPT, row, sift.wanted());
          filtered.go((pool, offset, read, seen) -> seen >= ESTIMATES, sift);
          spent += WalkCosts.now() - start;
        }
        double each = spent / (double) (walk.estimated() - estimated);
        if (each < least[way]) {
          least[way] = each;
          lines[way] = walk.hops() - hops;
          estimates[way] = walk.estimated() - estimated;
        }
      }
    }
    var factors = new double[2];
    for (int way = 0; way < 2; way++) {
      factors[way] = least[way] * estimates[way] / costs.of(lines[way], estimates[way]);
    }
    return new FilterPlanner(data.graph(), costs, factors[0], factors[1]);
  }

  @Override
  public String toString() {
    return "%s, walks through all rows %.2f, of two hops %.2f times their steps"
        .formatted(costs, allFactor, twoHopsFactor);
  }

  /** Cost of an exact answer. */
  double scan(RowFilter filter) {
    return filter.count() * costs.scan();
  }

  /** Guess at the cost of a walk through all rows, {@code p} of which pass. */
  double allRows(int width, double p) {
    double hops = Math.min(width / p, size);
    return costs.of((long) hops, estimates(hops));
  }

  /** Guess at the cost of a walk of two hops. */
  double twoHops(int width, double p) {
    double lines = width * (1 + Math.min(1 / p, links.degree()));
    return costs.of((long) lines, estimates(width));
  }

  private long estimates(double hops) {
    return (long) Math.min(links.degree() * Math.pow(hops, OVERLAP), size);
  }

  /** Whether no walk can be cheaper than the scan, wherever the query is. */
  boolean scans(RowFilter filter, int width) {
    return filter.count() <= width || scan(filter) <= allRows(width, 1);
  }

  /**
   * Plans a walk.
   *
   * @param seeds where it would begin
   * @param scratch {@code [>= degree]}
   * @return what to look for, or null for a scan
   */
  @Nullable Sift plan(RowFilter filter, int width, int[] seeds, int count, int[] scratch) {
    double exact = scan(filter);
    double overall = filter.count() / (double) size;
    var probe = probe(filter, seeds, count, scratch);
    if (probe.most() < SCARCE * overall) {
      return null;
    }
    double all = allRows(width, probe.share());
    double two = probe.most() < overall ? Double.POSITIVE_INFINITY : twoHops(width, probe.share());
    return exact <= Math.min(all, two)
        ? null
        : new Sift(row -> filter.allows(row), two < all, costs, exact);
  }

  /** Whether no walk for a recall can be cheaper than the scan, wherever the query is. */
  boolean scans(RowFilter filter, FilterRules rules) {
    double exact = scan(filter);
    return filter.count() <= rules.all().k()
        || exact <= allFactor * rules.all().cost(1, costs, exact);
  }

  /**
   * Whether a scan costs so little that a look at the rows about a walk's seeds must do: the first
   * stage of a walk is taken where that look, or the cost of the scan, speaks for it.
   *
   * @param seeds where the walk would begin
   * @param scratch {@code [>= degree]}
   */
  boolean scans(RowFilter filter, FilterRules rules, int[] seeds, int count, int[] scratch) {
    double exact = scan(filter);
    double stage = allFactor * costs.of(FilteredWalk.FIRST, estimates(FilteredWalk.FIRST));
    if (exact > CHEAP * stage) {
      return false;
    }
    double share = probe(filter, seeds, count, scratch).share();
    return exact - stage
        <= Math.min(
            allFactor * rules.all().cost(share, costs, exact),
            twoHopsFactor * rules.twoHops().cost(share, costs, exact));
  }

  /**
   * Plans the second stage of a walk for a recall.
   *
   * @param nearby what the first stage saw
   * @return what to look for, or null for a scan
   */
  @Nullable Sift plan(
      RowFilter filter, FilterRules rules, FilteredWalk.Nearby nearby, IntPredicate wanted) {
    double exact = scan(filter);
    double overall = filter.count() / (double) size;
    if (nearby.most() < SCARCE * overall) {
      return null;
    }
    double share = nearby.share(overall);
    double all = rules.all().cost(share, costs, exact) * allFactor;
    double two =
        nearby.most() < overall
            ? Double.POSITIVE_INFINITY
            : rules.twoHops().cost(share, costs, exact) * twoHopsFactor;
    if (exact <= Math.min(all, two)) {
      return null;
    }
    var way = two < all ? rules.twoHops() : rules.all();
    return new Sift(wanted, way.twoHops(), costs, exact, way.settles(share));
  }

  /** Rows that links lead to from some, and how many of them pass. */
  private record Probe(int met, int passing) {
    double share() {
      return (passing + 0.5) / (met + 1);
    }

    /** Two deviations more than were met. */
    double most() {
      return (passing + 2 * Math.sqrt(passing) + 2) / (met + 1);
    }
  }

  /** Looks at the rows that the seeds and some of their neighbours lead to. */
  private Probe probe(RowFilter filter, int[] seeds, int count, int[] scratch) {
    int met = 0;
    int passing = 0;
    int degree = links.degree();
    var line = new int[degree];
    for (int s = 0; s < count; s++) {
      int some = links.neighbours(seeds[s], scratch);
      for (int i = 0; i < some; i++) {
        met++;
        passing += filter.allows(scratch[i]) ? 1 : 0;
      }
      for (int i = 0; i < Math.min(some, PROBED); i++) {
        int more = links.neighbours(scratch[i], line);
        for (int j = 0; j < more; j++) {
          met++;
          passing += filter.allows(line[j]) ? 1 : 0;
        }
      }
    }
    return new Probe(met, passing);
  }
}
