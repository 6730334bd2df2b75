package dev.kith.core.graph;

import dev.kith.core.kernel.Picks;
import dev.kith.core.quant.Scorers;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;

/**
 * Lists of nearest rows by estimating every pair of rows once, for both of them, a tile of rows
 * that fits into the cache at a time.
 */
final class AllPairs {
  /** Bytes of what is read of the rows of a tile. */
  private static final long TILE_BYTES = 1 << 17;

  private static final int LEAST_TILE = 64;
  private static final int MOST_TILE = 1024;

  private AllPairs() {}

  /** What one worker needs. */
  private static final class Scratch {
    final Scorers.Scorer scorer;
    final Picks picks;

    Scratch(Scorers scorers, int tile) {
      scorer = scorers.scorer();
      picks = new Picks(tile);
    }
  }

  /**
   * Offers each pair of {@code rows} to {@code lists}.
   *
   * @param numbers of the rows in the lists, ascending
   */
  static void offer(NearestLists lists, CodedRows rows, int[] numbers, BuildOptions options) {
    var scorers = rows.scorers();
    int size = rows.size();
    int tile = Math.clamp(TILE_BYTES / Math.max(scorers.bytesPerRow(), 1), LEAST_TILE, MOST_TILE);
    Workers.forEach(
        (size + tile - 1) / tile,
        options,
        () -> new Scratch(scorers, tile),
        (scratch, unit) -> {
          int first = (int) unit * tile;
          for (int from = first; from < size; from += tile) {
            options.progress().check();
            tile(lists, scratch, numbers, first, from, tile);
          }
        });
  }

  /** Offers the pairs of rows from {@code first} on with later rows, from {@code from} on. */
  private static void tile(
      NearestLists lists, Scratch scratch, int[] numbers, int first, int from, int tile) {
    var estimates = scratch.picks.estimates();
    int size = numbers.length;
    int to = Math.min(size, from + tile);
    for (int row = first; row < Math.min(size, first + tile); row++) {
      int next = Math.max(from, row + 1);
      int count = to - next;
      if (count <= 0) {
        continue;
      }
      for (int i = 0; i < count; i++) {
        scratch.picks.rows()[i] = next + i;
      }
      scratch.scorer.setRow(row);
      scratch.scorer.estimate(scratch.picks, count);
      float offset = scratch.scorer.offset();
      int number = numbers[row];
      for (int i = 0; i < count; i++) {
        float distance = estimates[i] + offset;
        int other = numbers[next + i];
        if (lists.takes(number, distance)) {
          lists.offer(number, other, distance);
        }
        if (lists.takes(other, distance)) {
          lists.offer(other, number, distance);
        }
      }
    }
  }
}
