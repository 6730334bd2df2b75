package dev.kith.core.graph;

import dev.kith.core.kernel.Picks;
import dev.kith.core.quant.Scorers;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.LongAdder;

/**
 * Lists of nearest rows, from random ones, by the rule that neighbours of neighbours are likely to
 * be neighbours (Dong, Moses, Li: Efficient k-nearest neighbor graph construction for generic
 * similarity measures, WWW 2011: NN-Descent). In each round, a row introduces to each other the
 * rows on its list and the rows on whose lists it is, as far as one of the two is fresh, that is,
 * came since it was last introduced.
 */
final class NeighbourDescent {
  /*
   * Implementation notes
   *
   * The same lists on any number of threads. Samples are drawn before a round from the lists as
   * they are, by seeds of row and round; during it, lists only take offers, which may come in any
   * order (NearestLists). For that a pair's distance must be one number: it is always estimated
   * with the lower row as the query. A round's new entries are counted when it is over: those that
   * came and went depend on the order.
   *
   * Samples. SAMPLE of the fresh and SAMPLE of the other entries of a list, and likewise of the
   * rows that list it, bound a round to 3/2 (2 SAMPLE)^2 estimates a row.
   */

  /** Entries of each kind that are introduced in one round. */
  private static final int SAMPLE = 12;

  /** Random entries that a list begins with. */
  private static final int FIRST = 16;

  private static final int MOST_ROUNDS = 30;

  /** Share of all entries that are fresh, below which the lists count as final. */
  private static final double FEW = 0.02;

  /** Rows of one unit of work. */
  private static final int UNIT = 64;

  private final NearestLists lists;
  private final Scorers scorers;
  private final BuildOptions options;
  private final long seed;
  private final int size;

  /** Fills {@code lists}, which are empty, for the rows of {@code rows}. */
  NeighbourDescent(NearestLists lists, CodedRows rows, long seed, BuildOptions options) {
    this.lists = lists;
    this.scorers = rows.scorers();
    this.options = options;
    this.seed = seed;
    this.size = rows.size();
  }

  /** What one worker needs. */
  private final class Scratch {
    final Scorers.Scorer scorer = scorers.scorer();
    final Picks picks = new Picks(4 * SAMPLE);

    /** Rows to introduce, twice their number, and one more if they are not fresh. */
    final long[] met = new long[4 * SAMPLE];
  }

  /** Work on one row. */
  private interface RowWork {
    void work(Scratch scratch, int row);
  }

  private void forEachRow(RowWork work) {
    Workers.forEach(
        (size + UNIT - 1) / UNIT,
        options,
        Scratch::new,
        (scratch, unit) -> {
          for (int row = (int) unit * UNIT; row < Math.min(size, (unit + 1) * UNIT); row++) {
            work.work(scratch, row);
          }
        });
  }

  /** Runs rounds until little changes; returns their number. */
  int run() {
    if (size < 2) {
      return 0;
    }
    forEachRow(this::begin);
    var fresh = new int[size][];
    var other = new int[size][];
    for (int round = 0; round < MOST_ROUNDS; round++) {
      int number = round;
      forEachRow((_, row) -> sample(row, number, fresh, other));
      var reverseFresh = reverse(fresh, number);
      var reverseOther = reverse(other, number);
      forEachRow(
          (scratch, row) ->
              introduce(scratch, fresh[row], reverseFresh[row], other[row], reverseOther[row]));
      var came = new LongAdder();
      forEachRow(
          (_, row) -> {
            for (int i = 0; i < lists.count(row); i++) {
              if (lists.isFresh(row, i)) {
                came.increment();
              }
            }
          });
      if (came.sum() <= FEW * size * lists.length()) {
        return round + 1;
      }
    }
    return MOST_ROUNDS;
  }

  private SplittableRandom random(long round, long row) {
    return new SplittableRandom(seed + 0x9e3779b97f4a7c15L * (round * size + row + 1));
  }

  private void begin(Scratch scratch, int row) {
    var random = random(MOST_ROUNDS, row);
    for (int i = 0; i < Math.min(FIRST, size - 1); i++) {
      int drawn = random.nextInt(size - 1);
      int other = drawn + (drawn >= row ? 1 : 0);
      scratch.scorer.setRow(Math.min(row, other));
      scratch.picks.rows()[0] = Math.max(row, other);
      scratch.scorer.estimate(scratch.picks, 1);
      float distance = scratch.picks.estimates()[0] + scratch.scorer.offset();
      lists.offer(row, other, distance);
      lists.offer(other, row, distance);
    }
  }

  /** Draws which entries of a row's list are introduced; the fresh ones are so no longer. */
  private void sample(int row, int round, int[][] fresh, int[][] other) {
    var random = random(round, row);
    var theFresh = new int[SAMPLE];
    var theOther = new int[SAMPLE];
    int freshSeen = 0;
    int otherSeen = 0;
    for (int i = 0; i < lists.count(row); i++) {
      if (lists.isFresh(row, i)) {
        keep(theFresh, freshSeen++, i, random);
      } else {
        keep(theOther, otherSeen++, lists.other(row, i), random);
      }
    }
    var places = Arrays.copyOf(theFresh, Math.min(SAMPLE, freshSeen));
    fresh[row] = new int[places.length];
    for (int i = 0; i < places.length; i++) {
      lists.age(row, places[i]);
      fresh[row][i] = lists.other(row, places[i]);
    }
    other[row] = Arrays.copyOf(theOther, Math.min(SAMPLE, otherSeen));
  }

  /** Keeps a value in a sample, with the chance that makes all equally likely. */
  private static void keep(int[] sample, int seen, int value, SplittableRandom random) {
    if (seen < SAMPLE) {
      sample[seen] = value;
    } else {
      int place = random.nextInt(seen + 1);
      if (place < SAMPLE) {
        sample[place] = value;
      }
    }
  }

  /** Draws for each row which of those are introduced in whose sample it is. */
  private int[][] reverse(int[][] samples, int round) {
    var random = random(MOST_ROUNDS + 1L + round, 0);
    var reverse = new int[size][];
    var seen = new int[size];
    for (int row = 0; row < size; row++) {
      for (int other : samples[row]) {
        var theirs = reverse[other];
        if (theirs == null) {
          theirs = new int[4];
        } else if (seen[other] == theirs.length && theirs.length < SAMPLE) {
          theirs = Arrays.copyOf(theirs, 2 * theirs.length);
        }
        reverse[other] = theirs;
        keep(theirs, seen[other]++, row, random);
      }
    }
    for (int row = 0; row < size; row++) {
      var theirs = reverse[row];
      reverse[row] =
          theirs == null ? new int[0] : Arrays.copyOf(theirs, Math.min(seen[row], SAMPLE));
    }
    return reverse;
  }

  private void introduce(
      Scratch scratch, int[] fresh, int[] reverseFresh, int[] other, int[] reverseOther) {
    var met = scratch.met;
    int count = 0;
    for (int row : fresh) {
      met[count++] = 2L * row;
    }
    for (int row : reverseFresh) {
      met[count++] = 2L * row;
    }
    for (int row : other) {
      met[count++] = 2L * row + 1;
    }
    for (int row : reverseOther) {
      met[count++] = 2L * row + 1;
    }
    Arrays.sort(met, 0, count);
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (kept == 0 || met[i] >> 1 != met[kept - 1] >> 1) { // fresh comes first
        met[kept++] = met[i];
      }
    }
    var rows = scratch.picks.rows();
    var estimates = scratch.picks.estimates();
    for (int i = 0; i < kept; i++) {
      int row = (int) (met[i] >> 1);
      int some = 0;
      for (int j = i + 1; j < kept; j++) {
        if ((met[i] & met[j] & 1) == 0) {
          rows[some++] = (int) (met[j] >> 1);
        }
      }
      if (some == 0) {
        continue;
      }
      scratch.scorer.setRow(row);
      scratch.scorer.estimate(scratch.picks, some);
      float offset = scratch.scorer.offset();
      for (int j = 0; j < some; j++) {
        float distance = estimates[j] + offset;
        lists.offer(row, rows[j], distance);
        lists.offer(rows[j], row, distance);
      }
    }
  }
}
