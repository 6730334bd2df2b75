package dev.kith.core.graph;

import dev.kith.core.kernel.Picks;
import dev.kith.core.quant.Scorers;
import dev.kith.core.search.RowFilter;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.Searcher;
import dev.kith.core.vector.VectorSource;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.SplittableRandom;

/**
 * What the steps of searches cost on one index and machine, in nanoseconds.
 *
 * @param scan a row that an exact search reads by its number
 * @param line a line of links that is read, and looked up among what was met
 * @param estimate a row that is estimated
 */
record WalkCosts(double scan, double line, double estimate) {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Costs of what is free. */
  static final WalkCosts NONE = new WalkCosts(0, 0, 0);

  /** Costs where nothing was measured: a step is a step. */
  static final WalkCosts EVEN = new WalkCosts(1, 1, 1);

  /** Rows that each step is measured on. */
  private static final int SAMPLE = 4096;

  /** Nanoseconds after which no repetition is begun; the first ones only warm the loops up. */
  private static final long PATIENCE = 20_000_000;

  /** Repetitions, at least: where loops are cold, the first few take all of the time. */
  private static final int FEWEST = 3;

  /** Most neighbours that a call estimates. */
  private static final int BATCH = 32;

  /** Cost of a walk. */
  double of(long lines, long estimated) {
    return lines * line + estimated * estimate;
  }

  /**
   * Measures, on the rows of an index, with one of them as the query; the least of some repetitions
   * counts, in time of this thread, so that others do not matter. Takes some 20 milliseconds.
   */
  static WalkCosts measure(VectorSource rows, Links links, Scorers scorers, Searcher exact) {
    return measure(rows, links, scorers, exact, PATIENCE);
  }

  /** Measures for {@code patience} nanoseconds. */
  static WalkCosts measure(
      VectorSource rows, Links links, Scorers scorers, Searcher exact, long patience) {
    int size = Math.toIntExact(rows.size());
    if (size == 0) {
      return NONE;
    }
    var random = new SplittableRandom(1);
    int sample = Math.min(SAMPLE, size);
    var query = VectorSource.single(rows.row(random.nextInt(size)));
    var filter = RowFilter.of(size, row -> row * sample / size != (row - 1) * sample / size);
    var options = SearchOptions.nearest(1).withThreads(1).among(filter);
    var scorer = scorers.scorer();
    scorer.setRow(random.nextInt(size));
    var picked = random.ints(sample, 0, size).toArray();
    var visited = new Visited(size);
    var line = new int[links.degree()];
    var picks = new Picks(BATCH);
    double scan = Double.POSITIVE_INFINITY;
    double read = Double.POSITIVE_INFINITY;
    double estimate = Double.POSITIVE_INFINITY;
    long begun = now();
    long start = begun;
    for (int round = 0; round < FEWEST || start - begun < patience; round++, start = now()) {
      exact.search(query, options);
      scan = Math.min(scan, (now() - start) / (double) filter.count());

      visited.clear();
      start = now();
      for (int row : picked) {
        int count = links.neighbours(row, line);
        for (int i = 0; i < count; i++) {
          visited.add(line[i]);
        }
      }
      read = Math.min(read, (now() - start) / (double) sample);

      start = now();
      for (int at = 0; at < sample; at += BATCH) {
        int some = Math.min(BATCH, sample - at);
        System.arraycopy(picked, at, picks.rows(), 0, some);
        scorer.estimate(picks, some);
      }
      estimate = Math.min(estimate, (now() - start) / (double) sample);
    }
    return new WalkCosts(scan, read, estimate);
  }

  /** The least of each cost. */
  WalkCosts least(WalkCosts other) {
    return new WalkCosts(
        Math.min(scan, other.scan), Math.min(line, other.line), Math.min(estimate, other.estimate));
  }

  /** Time of this thread on its core, or of the clock where that is not known. */
  static long now() {
    return THREADS.isCurrentThreadCpuTimeSupported()
        ? THREADS.getCurrentThreadCpuTime()
        : System.nanoTime();
  }
}
