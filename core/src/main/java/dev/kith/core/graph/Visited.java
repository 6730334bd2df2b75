package dev.kith.core.graph;

import java.util.Arrays;

/**
 * Set of the rows that a walk has met, one bit a row, emptied at the cost of what was put in.
 * Belongs to one thread.
 */
final class Visited {
  /** Words up to which emptying all is cheaper than emptying what was set. */
  private static final int FEW_WORDS = 1 << 12;

  private final long[] words;
  private int[] touched = new int[1024];
  private int count;

  Visited(int size) {
    words = new long[(size + 63) >>> 6];
  }

  /** Adds a row; returns whether it is new. */
  boolean add(int row) {
    int at = row >>> 6;
    long word = words[at];
    long bit = 1L << row;
    if ((word & bit) != 0) {
      return false;
    }
    words[at] = word | bit;
    if (word == 0 && words.length > FEW_WORDS) {
      touch(at);
    }
    return true;
  }

  private void touch(int at) {
    if (count == touched.length) {
      touched = Arrays.copyOf(touched, 2 * count);
    }
    touched[count++] = at;
  }

  boolean contains(int row) {
    return (words[row >>> 6] >>> row & 1) != 0;
  }

  void clear() {
    if (words.length <= FEW_WORDS) {
      Arrays.fill(words, 0);
    } else {
      for (int i = 0; i < count; i++) {
        words[touched[i]] = 0;
      }
    }
    count = 0;
  }
}
