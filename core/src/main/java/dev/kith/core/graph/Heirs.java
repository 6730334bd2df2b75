package dev.kith.core.graph;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * What a row is linked to in place of rows that are gone: what those were linked to, as
 * FreshDiskANN does it (Singh and others, arXiv 2105.09613, 2021, algorithm 4). Belongs to one
 * thread.
 */
final class Heirs {
  /** Links of a row that is gone which become candidates of a row that was linked to it. */
  private static final int EACH = 16;

  private final Links links;
  private final int[] theirs;
  private final int[] gone;
  private int lost;

  Heirs(Links links) {
    this.links = links;
    this.theirs = new int[links.degree()];
    this.gone = new int[links.degree()];
  }

  /**
   * Collects candidates of a row, ascending, each once.
   *
   * @param row its number as {@code kept} and {@code heir} give it, which is never a candidate
   * @param line its links
   * @param kept number of a row that it is linked to, or {@link Graph#NONE} if that row is gone
   * @param heir number of a row that one that is gone is linked to, or {@link Graph#NONE}
   * @param candidates receives numbers
   * @return number of candidates
   */
  int collect(
      int row,
      int[] line,
      int count,
      IntUnaryOperator kept,
      IntUnaryOperator heir,
      int[] candidates) {
    int found = 0;
    lost = 0;
    for (int i = 0; i < count; i++) {
      int number = kept.applyAsInt(line[i]);
      if (number == Graph.NONE) {
        gone[lost++] = line[i];
      } else {
        candidates[found++] = number;
      }
    }
    for (int i = 0; i < lost; i++) {
      int some = links.neighbours(gone[i], theirs);
      int taken = 0;
      for (int j = 0; j < some && taken < EACH && found < candidates.length; j++) {
        int number = heir.applyAsInt(theirs[j]);
        if (number != Graph.NONE && number != row) {
          candidates[found++] = number;
          taken++;
        }
      }
    }
    Arrays.sort(candidates, 0, found);
    int all = 0;
    for (int i = 0; i < found; i++) {
      if (i == 0 || candidates[i] != candidates[i - 1]) {
        candidates[all++] = candidates[i];
      }
    }
    return all;
  }

  /** Number of links to rows that are gone, of the row that was collected for last. */
  int lost() {
    return lost;
  }
}
