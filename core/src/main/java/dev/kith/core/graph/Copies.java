package dev.kith.core.graph;

import dev.kith.core.quant.WalkCodes;
import java.util.Arrays;

/**
 * Rows of which estimates tell nothing apart, taken out of a build in large groups: one of a group,
 * its lowest, stands for all of it, and the others are linked from it as a binary tree. Otherwise
 * copies fill each other's lists and links, and become an island; pruning keeps one link to a copy
 * and cannot help those that meet nothing else.
 */
final class Copies {
  /** Groups up to this size stay as they are. */
  private static final int SMALL = 4;

  /** Least links of a row that leave room for those to two copies. */
  private static final int LEAST_DEGREE = 4;

  /** Rows that are built with, ascending. */
  private final int[] kept;

  /** Groups, each with the row that is kept first, ascending. */
  private final int[][] groups;

  private final int size;

  private Copies(int size, int[] kept, int[][] groups) {
    this.size = size;
    this.kept = kept;
    this.groups = groups;
  }

  /** Finds the large groups of rows with equal codes. */
  static Copies find(WalkCodes codes, int degree) {
    int size = codes.size();
    var all = new int[size];
    Arrays.setAll(all, i -> i);
    if (degree < LEAST_DEGREE) {
      return new Copies(size, all, new int[0][]);
    }
    var byHash = new long[size];
    for (int row = 0; row < size; row++) {
      byHash[row] = (long) codes.hash(row) << 32 | row;
    }
    Arrays.sort(byHash);
    var groups = new int[16][];
    int count = 0;
    var left = new boolean[size];
    for (int from = 0; from < size; ) {
      int to = from + 1;
      while (to < size && byHash[to] >> 32 == byHash[from] >> 32) {
        to++;
      }
      if (to - from > SMALL) {
        var group = new int[to - from];
        int equal = 0;
        for (int i = from; i < to; i++) {
          if (codes.equal((int) byHash[from], (int) byHash[i])) {
            group[equal++] = (int) byHash[i];
          }
        }
        if (equal > SMALL) {
          if (count == groups.length) {
            groups = Arrays.copyOf(groups, 2 * count);
          }
          groups[count++] = Arrays.copyOf(group, equal);
          for (int i = 1; i < equal; i++) {
            left[group[i]] = true;
          }
        }
      }
      from = to;
    }
    var kept = new int[size];
    int some = 0;
    for (int row = 0; row < size; row++) {
      if (!left[row]) {
        kept[some++] = row;
      }
    }
    return new Copies(size, Arrays.copyOf(kept, some), Arrays.copyOf(groups, count));
  }

  /** Number of all rows. */
  int size() {
    return size;
  }

  /** Whether there is nothing to take out. */
  boolean isEmpty() {
    return groups.length == 0;
  }

  /** Rows that are built with, ascending. */
  int[] kept() {
    return kept;
  }

  /**
   * Number among the kept rows of {@code row}, or {@link Graph#NONE} of a copy that is not kept.
   */
  int place(int row) {
    return Math.max(Arrays.binarySearch(kept, row), Graph.NONE);
  }

  /** Numbers among all rows of numbers among the kept ones. */
  int[] numbers(int[] rows) {
    return Arrays.stream(rows).map(row -> kept[row]).toArray();
  }

  /**
   * Writes a graph of the kept rows as one of all rows.
   *
   * @param built graph of the kept rows
   * @param all receives the links; of the same degree
   */
  void expand(Graph built, Graph all) {
    var links = new int[all.degree()];
    for (int i = 0; i < kept.length; i++) {
      int count = built.neighbours(i, links);
      for (int j = 0; j < count; j++) {
        links[j] = kept[links[j]];
      }
      all.setNeighbours(kept[i], links, count);
    }
    var shared = new int[all.degree()];
    for (var group : groups) {
      int count = all.neighbours(group[0], shared);
      for (int i = 0; i < group.length; i++) {
        // The first half of the links of the row that was kept, the way back, and two copies on.
        int some =
            i == 0 ? Math.min(count, links.length - 2) : Math.min(count, links.length / 2 - 1);
        System.arraycopy(shared, 0, links, 0, some);
        if (i > 0) {
          links[some++] = group[(i - 1) / 2];
        }
        for (int child = 2 * i + 1; child <= 2 * i + 2 && child < group.length; child++) {
          links[some++] = group[child];
        }
        all.setNeighbours(group[i], links, some);
      }
    }
  }
}
