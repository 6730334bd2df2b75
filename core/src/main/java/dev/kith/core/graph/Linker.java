package dev.kith.core.graph;

import dev.kith.core.quant.Scorers;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * Graph under construction, to which builders give the links of rows, a batch at a time: writes
 * them, and the links back in the order of their rows, whatever the number of threads.
 */
final class Linker implements AutoCloseable {
  /*
   * Implementation notes
   *
   * Room. A line of the graph that is built holds half as many neighbours more than the finished
   * one. Links back are appended while there is room; only a line that overflows is pruned, down to
   * the degree. Without that room nearly every link back would prune a line, for lines are full:
   * with it a row is pruned about twice in all.
   */

  /** Rows linked as one unit of work. */
  static final int UNIT = 16;

  /** Candidates of a pruning, as a multiple of the room. */
  private static final int CANDIDATES = 4;

  private final GraphSettings settings;
  private final BuildOptions options;
  private final Scorers scorers;
  private final int size;
  private final int room;
  private final Arena arena = Arena.ofShared();
  private final Graph working;
  private final ConcurrentLinkedDeque<Scratch> idle = new ConcurrentLinkedDeque<>();

  Linker(CodedRows rows, GraphSettings settings, BuildOptions options) {
    this.settings = settings;
    this.options = options;
    this.scorers = rows.scorers();
    this.size = rows.size();
    this.room = settings.degree() + settings.degree() / 2;
    var links = arena.allocate(4L * room * size, 64);
    links.fill((byte) -1);
    this.working = new Graph(links, size, room);
  }

  /** Most neighbours of a row while the graph is built. */
  int room() {
    return room;
  }

  /** Graph as it is so far; read it between batches. */
  Graph working() {
    return working;
  }

  /** What one worker needs. */
  private final class Scratch {
    final int[] candidates = new int[CANDIDATES * room];
    final int[] chosen = new int[room];
    final Pruner pruner = new Pruner(scorers, settings.alpha(), candidates.length);
  }

  private Scratch take() {
    var scratch = idle.poll();
    return scratch == null ? new Scratch() : scratch;
  }

  /**
   * Writes the links of a batch, and those back.
   *
   * @param order rows in the order of their insertion; the batch begins at {@code start}
   * @param links of each row of the batch, without itself, each once
   */
  void apply(int[] order, int start, int[][] links) {
    int total = 0;
    for (int i = 0; i < links.length; i++) {
      total += links[i].length;
    }
    var back = new long[total];
    int at = 0;
    for (int i = 0; i < links.length; i++) {
      int row = order[start + i];
      working.setNeighbours(row, links[i], links[i].length);
      for (int link : links[i]) {
        back[at++] = (long) link << 32 | row;
      }
    }
    Arrays.sort(back);
    // Where the links back of each row begin.
    var starts = new int[total + 1];
    int groups = 0;
    for (int i = 0; i < total; i++) {
      if (i == 0 || back[i] >>> 32 != back[i - 1] >>> 32) {
        starts[groups++] = i;
      }
    }
    starts[groups] = total;
    int all = groups;
    Workers.forEach(
        (all + UNIT - 1) / UNIT,
        options.threads(),
        options.progress(),
        unit -> {
          var scratch = take();
          for (int g = (int) unit * UNIT; g < Math.min(all, (unit + 1) * UNIT); g++) {
            linkBack(scratch, back, starts[g], starts[g + 1]);
          }
          idle.push(scratch);
        });
  }

  private void linkBack(Scratch scratch, long[] back, int from, int to) {
    int row = (int) (back[from] >>> 32);
    for (int i = from; i < to; ) {
      int count = working.neighbours(row, scratch.candidates);
      int had = count;
      for (; i < to && count < scratch.candidates.length; i++) {
        int link = (int) back[i];
        if (!contains(scratch.candidates, had, link)) {
          scratch.candidates[count++] = link;
        }
      }
      if (count > room) {
        int kept =
            scratch.pruner.prune(
                row, scratch.candidates, count, settings.degree(), false, scratch.chosen);
        working.setNeighbours(row, scratch.chosen, kept);
      } else {
        working.setNeighbours(row, scratch.candidates, count);
      }
    }
  }

  static boolean contains(int[] rows, int count, int row) {
    for (int i = 0; i < count; i++) {
      if (rows[i] == row) {
        return true;
      }
    }
    return false;
  }

  /** Copies the graph into its final table, each line pruned to the degree and filled up. */
  Graph finish() {
    int degree = settings.degree();
    var links = options.arena().allocate(4L * degree * size, 64);
    var graph = new Graph(links, size, degree);
    int unit = 256;
    Workers.forEach(
        (size + unit - 1) / unit,
        options.threads(),
        options.progress(),
        block -> {
          var scratch = take();
          for (int row = (int) block * unit; row < Math.min(size, (block + 1) * unit); row++) {
            int count = working.neighbours(row, scratch.candidates);
            int kept =
                scratch.pruner.prune(row, scratch.candidates, count, degree, true, scratch.chosen);
            graph.setNeighbours(row, scratch.chosen, kept);
          }
          idle.push(scratch);
        });
    return graph;
  }

  @Override
  public void close() {
    arena.close();
  }
}
