package dev.kith.embed;

import java.util.Arrays;

/**
 * The vocabulary as two tries, one of pieces that begin a word and one of pieces that continue it,
 * so that the longest piece is found in one walk over the word.
 *
 * <p>Nodes are numbers. All edges lie in one open-addressing table: key {@code node << 16 | char},
 * value the node it leads to. Key 0 marks a free slot; no edge has it, as the tries hold no U+0000
 * at node 0.
 */
final class PieceTrie {
  /** Root of the pieces that begin a word. */
  static final int BEGIN = 1;

  /** Root of the pieces that continue a word. */
  static final int CONTINUE = 2;

  /** Result of {@link #longest} when no piece matches. */
  static final long NONE = -1;

  private long[] keys = new long[1 << 16];
  private int[] targets = new int[1 << 16];
  private int[] pieceAt = new int[1 << 15]; // piece that ends at a node, or -1
  private int nodes = 3;

  PieceTrie() {
    Arrays.fill(pieceAt, -1);
  }

  void add(int root, String piece, int id) {
    int node = root;
    for (int i = 0; i < piece.length(); i++) {
      long key = (long) node << 16 | piece.charAt(i);
      int slot = slot(key);
      if (keys[slot] == key) {
        node = targets[slot];
      } else {
        keys[slot] = key;
        targets[slot] = nodes;
        node = nodes++;
        growIfNeeded();
      }
    }
    pieceAt[node] = id;
  }

  private void growIfNeeded() {
    if (nodes == pieceAt.length) {
      pieceAt = Arrays.copyOf(pieceAt, 2 * nodes);
      Arrays.fill(pieceAt, nodes, 2 * nodes, -1);
    }
    if (2 * nodes > keys.length) {
      var oldKeys = keys;
      var oldTargets = targets;
      keys = new long[2 * oldKeys.length];
      targets = new int[keys.length];
      for (int i = 0; i < oldKeys.length; i++) {
        if (oldKeys[i] != 0) {
          int slot = slot(oldKeys[i]);
          keys[slot] = oldKeys[i];
          targets[slot] = oldTargets[i];
        }
      }
    }
  }

  /** The slot that holds the key, or the free one where it belongs. */
  private int slot(long key) {
    int mask = keys.length - 1;
    int slot = (int) ((key * 0x9e3779b97f4a7c15L) >>> 40) & mask;
    while (keys[slot] != 0 && keys[slot] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /**
   * The longest piece under {@code root} that {@code word[from, to)} begins with.
   *
   * @return {@link #id} and {@link #end} of it, or {@link #NONE}
   */
  long longest(int root, char[] word, int from, int to) {
    long best = NONE;
    int node = root;
    for (int i = from; i < to; i++) {
      long key = (long) node << 16 | word[i];
      int slot = slot(key);
      if (keys[slot] != key) {
        break;
      }
      node = targets[slot];
      if (pieceAt[node] >= 0) {
        best = (long) (i + 1) << 32 | pieceAt[node];
      }
    }
    return best;
  }

  /** The piece's number in the vocabulary. */
  static int id(long match) {
    return (int) match;
  }

  /** Position in the word at which the piece ends. */
  static int end(long match) {
    return (int) (match >>> 32);
  }
}
