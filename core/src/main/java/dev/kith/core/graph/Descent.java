package dev.kith.core.graph;

import dev.kith.core.quant.Scorers;

/**
 * Entry by a hierarchy: from the first row of the highest level to the nearest of it, from there to
 * the nearest of the next level, and so on; the last level gives {@link Pivots#SEEDS} rows. What no
 * level leads to and no link is a seed of every walk.
 */
final class Descent implements Entry {
  private final Levels levels;
  private final int[] rows;
  private final Scorers scorers;

  /** Number of rows that lie on levels; those behind them are seeds of every walk. */
  private final int listed;

  /**
   * Creates an entry.
   *
   * @param rows of level 1, those of higher levels first, and behind them seeds of every walk
   */
  Descent(Levels levels, int[] rows, CodedRows coded) {
    this.levels = levels;
    this.rows = rows;
    this.scorers = coded.scorersOf(rows);
    this.listed = levels.count() == 0 ? 0 : levels.graph(1).size();
  }

  @Override
  public Entry.Finder finder(Scorers.Scorer scorer) {
    return new Finder(scorer.sharing(scorers));
  }

  /** Descent of one thread. */
  private final class Finder implements Entry.Finder {
    private final Walk[] walks = new Walk[levels.count()];
    private final int[] seeds = new int[Pivots.SEEDS + rows.length - listed];
    private int found;

    private Finder(Scorers.Scorer scorer) {
      for (int level = 1; level <= walks.length; level++) {
        walks[level - 1] = new Walk(levels.graph(level), scorer);
      }
    }

    @Override
    public int[] find() {
      found = walks.length > 0 ? 1 : 0;
      seeds[0] = 0; // the first of the highest level
      for (int level = walks.length; level > 0; level--) {
        var pool = walks[level - 1].run(seeds, 1, level == 1 ? Pivots.SEEDS : 1);
        found = pool.size();
        for (int i = 0; i < found; i++) {
          seeds[i] = pool.row(i);
        }
      }
      for (int i = 0; i < found; i++) {
        seeds[i] = rows[seeds[i]];
      }
      for (int i = listed; i < rows.length; i++) {
        seeds[found++] = rows[i];
      }
      return seeds;
    }

    @Override
    public int found() {
      return found;
    }

    @Override
    public long estimated() {
      long sum = 0;
      for (var walk : walks) {
        sum += walk.estimated();
      }
      return sum;
    }
  }
}
