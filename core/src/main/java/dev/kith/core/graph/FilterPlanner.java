package dev.kith.core.graph;

import dev.kith.core.search.RowFilter;
import org.jspecify.annotations.Nullable;

/**
 * Chooses how a query with a filter is answered: by an exact scan of the rows that pass, by a walk
 * through all rows, or by one of two hops over those that do not pass. Immutable; safe for many
 * threads.
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
   */

  /** Power of the hops that the number of estimates goes with. */
  private static final double OVERLAP = 0.72;

  /** Lines that are read to see how many rows pass near a query, beside those of the seeds. */
  private static final int PROBED = 6;

  /** Share of rows that pass near the query, in that of all, that walks need. */
  private static final double SCARCE = 0.5;

  private final Links links;
  private final WalkCosts costs;
  private final int size;

  FilterPlanner(Links links, WalkCosts costs) {
    this.links = links;
    this.costs = costs;
    this.size = links.size();
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
