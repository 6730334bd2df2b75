package dev.kith.core.graph;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.work.BuildOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;

/**
 * Upper levels of a hierarchy (Malkov, Yashunin, 2018): each holds about one in {@code m} of the
 * rows of the level below it, and a graph of them; a search descends through them to rows near its
 * query. Level 0 is the graph of all rows. Immutable; safe for many threads.
 *
 * <p>One list holds the rows of level 1, those of the highest level first, so that each level is
 * the beginning of it, and a row has the same place in all of them. The list is that of the graph's
 * pivots.
 *
 * <pre>
 * offset   size      field of the part "levels", little-endian
 * 0        4         levels above level 0: l, at most 14
 * 4        4         degree of their graphs: m
 * 8        4 l       rows of level 1, 2, ... l
 * 8 + 4 l            zeros, up to 64
 * 64       4 m c     links of level 1, of c rows, as places in the list; filled up with -1
 * ...                those of level 2, ... l, each from a multiple of 64 on
 * </pre>
 */
final class Levels {
  /** Most levels above level 0. */
  private static final int MOST = 14;

  private static final int HEADER = 64;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private final MemorySegment part;

  /** Graphs of levels 1, 2, and so on. */
  private final Graph[] graphs;

  /** Opens what {@link #build} made. */
  Levels(MemorySegment part) {
    this.part = part;
    this.graphs = new Graph[part.get(INT, 0)];
    int degree = part.get(INT, 4);
    long at = HEADER;
    for (int level = 0; level < graphs.length; level++) {
      int rows = part.get(INT, 8 + 4L * level);
      graphs[level] = new Graph(part.asSlice(at, bytes(rows, degree)), rows, degree);
      at += padded(bytes(rows, degree));
    }
  }

  private static long bytes(int rows, int degree) {
    return 4L * rows * degree;
  }

  private static long padded(long bytes) {
    return (bytes + 63) / 64 * 64;
  }

  /** Which rows lie on which level. */
  static final class Draw {
    private final int[] rows;
    private final int[] counts;

    private Draw(int[] rows, int[] counts) {
      this.rows = rows;
      this.counts = counts;
    }

    /** Rows of level 1, those of higher levels first; at least one if there are any rows. */
    int[] rows() {
      return rows;
    }

    /** The same with other numbers: row {@code r} is {@code numbers[r]}. */
    Draw renumbered(int[] numbers) {
      return new Draw(Arrays.stream(rows).map(row -> numbers[row]).toArray(), counts);
    }
  }

  /**
   * Draws the levels of {@code size} rows.
   *
   * @param m one row in {@code m} rises to the next level
   */
  static Draw draw(int size, int m, long seed) {
    var random = new SplittableRandom(seed);
    var risen = new long[16]; // the higher level first, then the lower row
    var counts = new int[MOST];
    int count = 0;
    for (int row = 0; row < size; row++) {
      int level = 0;
      while (level < MOST && random.nextInt(m) == 0) {
        counts[level++]++;
      }
      if (level > 0) {
        if (count == risen.length) {
          risen = Arrays.copyOf(risen, 2 * count);
        }
        risen[count++] = (long) (MOST - level) << 32 | row;
      }
    }
    if (count == 0 && size > 0) {
      risen[count++] = random.nextInt(size);
      counts[0] = 1;
    }
    Arrays.sort(risen, 0, count);
    var rows = new int[count];
    for (int i = 0; i < count; i++) {
      rows[i] = (int) risen[i];
    }
    return new Draw(rows, counts);
  }

  /**
   * Builds the graphs of the levels.
   *
   * @param settings of the graphs, with {@code m} as their degree
   */
  static Levels build(CodedRows rows, Draw draw, GraphSettings settings, BuildOptions options) {
    int levels = 0;
    long bytes = HEADER;
    while (levels < MOST && draw.counts[levels] > 0) {
      bytes += padded(bytes(draw.counts[levels], settings.degree()));
      levels++;
    }
    var part = options.arena().allocate(bytes, 64);
    part.set(INT, 0, levels);
    part.set(INT, 4, settings.degree());
    for (int level = 0; level < levels; level++) {
      part.set(INT, 8 + 4L * level, draw.counts[level]);
    }
    var built = new Levels(part);
    for (int level = levels - 1; level >= 0; level--) {
      int above = level == levels - 1 ? 1 : draw.counts[level + 1];
      var chosen = rows.some(Arrays.copyOf(draw.rows, draw.counts[level]));
      var graph = new InsertBuilder(chosen, settings, options.into(Arena.ofAuto())).build().graph();
      var entered = new int[above];
      Arrays.setAll(entered, i -> i);
      new Reach(graph, entered, chosen).link();
      built.graphs[level].links().copyFrom(graph.links());
    }
    return built;
  }

  MemorySegment part() {
    return part;
  }

  int count() {
    return graphs.length;
  }

  /** Graph of {@code level}, 1 for the lowest. */
  Graph graph(int level) {
    return graphs[level - 1];
  }

  /** Rows of level 1, by their place, that a descent can come to. */
  BitSet reached() {
    var reached = new BitSet();
    for (int level = graphs.length; level > 0; level--) {
      reached.set(0); // where descents begin
      reached = Reach.reached(graph(level), reached.stream().toArray());
    }
    return reached;
  }
}
