package dev.kith.core.graph;

import dev.kith.core.kernel.Picks;
import dev.kith.core.quant.Scorers;

/**
 * Where walks begin: rows spread over the data, whose codes lie side by side and are all estimated
 * for each query; the nearest {@link #SEEDS} are the seeds. Immutable; safe for many threads, of
 * which each has a {@link Finder}.
 */
final class Pivots implements Entry {
  /** Seeds of a walk. */
  static final int SEEDS = 2;

  /** Pivots estimated by one call. */
  private static final int BLOCK = 256;

  private final int[] rows;
  private final Scorers scorers;

  /**
   * Creates pivots.
   *
   * @param rows of the graph, all different
   * @param scorers of those rows alone, in that order
   */
  Pivots(int[] rows, Scorers scorers) {
    this.rows = rows;
    this.scorers = scorers;
  }

  /** Pivots of {@code coded}, whose codes are copied. */
  static Pivots of(int[] rows, CodedRows coded) {
    return new Pivots(rows, coded.scorersOf(rows));
  }

  /** Number of pivots that suits a graph of {@code size} rows. */
  static int count(int size) {
    return (int) Math.min(size, Math.max(16, Math.sqrt(size)));
  }

  int size() {
    return rows.length;
  }

  /** The pivots' rows, not to be changed. */
  int[] rows() {
    return rows;
  }

  int row(int pivot) {
    return rows[pivot];
  }

  @Override
  public Finder finder(Scorers.Scorer scorer) {
    return new Finder(scorer);
  }

  /** Search among the pivots, of one thread. */
  final class Finder implements Entry.Finder {
    private final Scorers.Scorer scorer;
    private final Picks picks = new Picks(BLOCK);
    private final int[] seeds = new int[SEEDS];
    private int found;
    private long estimated;

    private Finder(Scorers.Scorer scorer) {
      this.scorer = scorer.sharing(scorers);
    }

    @Override
    public int[] find() {
      return find(rows.length);
    }

    /** Finds the nearest among the first {@code count} pivots. */
    int[] find(int count) {
      estimated += count;
      float first = Float.POSITIVE_INFINITY;
      float second = Float.POSITIVE_INFINITY;
      int nearest = -1;
      int next = -1;
      for (int from = 0; from < count; from += BLOCK) {
        int some = Math.min(BLOCK, count - from);
        var picked = picks.rows();
        for (int i = 0; i < some; i++) {
          picked[i] = from + i;
        }
        scorer.estimate(picks, some);
        var estimates = picks.estimates();
        for (int i = 0; i < some; i++) {
          float estimate = estimates[i];
          if (estimate < second || next < 0) {
            if (estimate < first || nearest < 0) {
              second = first;
              next = nearest;
              first = estimate;
              nearest = from + i;
            } else {
              second = estimate;
              next = from + i;
            }
          }
        }
      }
      found = 0;
      if (nearest >= 0) {
        seeds[found++] = rows[nearest];
      }
      if (next >= 0) {
        seeds[found++] = rows[next];
      }
      return seeds;
    }

    @Override
    public int found() {
      return found;
    }

    @Override
    public long estimated() {
      return estimated;
    }
  }
}
