package dev.kith.core.graph;

import dev.kith.core.kernel.CodeKernel;
import dev.kith.core.quant.RowCodes;
import dev.kith.core.quant.Scorers;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * Builds a graph by insertion: each row walks through the graph of the rows before it, takes
 * neighbours from what it met, and becomes a neighbour of theirs. Rows are inserted in batches that
 * double, as in ParlayANN (Manohar and others, 2024): all rows of a batch walk through the same
 * graph, and the links back are applied in the order of their rows, so that the graph depends on
 * the seed alone, whatever the number of threads.
 */
final class InsertBuilder {
  /*
   * Implementation notes
   *
   * Room. A line of the graph that is built holds half as many neighbours more than the finished
   * one. Links back are appended while there is room; only a line that overflows is pruned, down to
   * the degree. Without that room nearly every link back would prune a line, for lines are full:
   * with it a row is pruned about twice in all.
   *
   * Batches. A row does not see those of its own batch. From the first on each batch is as large as
   * all before it, up to one row in SHARE; the links back of later batches join what an early one
   * kept apart.
   */

  /** Share of the rows, one in {@code SHARE}, that a batch has at most. */
  private static final int SHARE = 50;

  /** Rows inserted as one unit of work. */
  private static final int UNIT = 16;

  private final RowCodes codes;
  private final CodeKernel kernel;
  private final GraphSettings settings;
  private final BuildOptions options;
  private final Scorers scorers;
  private final int size;
  private final int room;
  private final int most;
  private final ConcurrentLinkedDeque<Scratch> idle = new ConcurrentLinkedDeque<>();

  /** Result of a build. */
  record Built(Graph graph, int[] pivots) {}

  InsertBuilder(RowCodes codes, CodeKernel kernel, GraphSettings settings, BuildOptions options) {
    this.codes = codes;
    this.kernel = kernel;
    this.settings = settings;
    this.options = options;
    this.scorers = codes.scorers(kernel);
    this.size = codes.size();
    this.room = settings.degree() + settings.degree() / 2;
    this.most = Math.max(settings.width(), room + 1);
  }

  /** What one worker needs. */
  private final class Scratch {
    final Walk walk;
    final Pivots.Finder finder;
    final Pruner pruner = new Pruner(scorers, settings.alpha(), 4 * most);
    final int[] candidates = new int[4 * most];
    final int[] chosen = new int[most];

    Scratch(Graph graph, Pivots pivots) {
      walk = new Walk(graph, scorers);
      finder = pivots.finder(walk.scorer());
    }
  }

  Built build() {
    var order = permutation(size, settings.seed());
    var pivots = Arrays.copyOf(order, Pivots.count(size));
    try (var arena = Arena.ofShared()) {
      var links = arena.allocate(4L * room * size, 64);
      links.fill((byte) -1);
      var working = new Graph(links, size, room);
      var entry = new Pivots(pivots, codes.scorersOf(pivots, kernel));
      for (int pass = 0; pass < settings.passes(); pass++) {
        insert(working, entry, order, pass);
      }
      return new Built(finish(working), pivots);
    }
  }

  static int[] permutation(int size, long seed) {
    var order = new int[size];
    var random = new SplittableRandom(seed);
    for (int i = 0; i < size; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  private void insert(Graph graph, Pivots entry, int[] order, int pass) {
    int largest = Math.max(size / SHARE, 1);
    for (int done = pass == 0 ? 1 : 0; done < size; ) {
      int batch = Math.min(Math.min(pass == 0 ? done : size, largest), size - done);
      int start = done;
      int inserted = pass == 0 ? done : size;
      var links = new int[batch][];
      Workers.forEach(
          (batch + UNIT - 1) / UNIT,
          options.threads(),
          options.progress(),
          unit -> {
            var scratch = take(graph, entry);
            for (int i = (int) unit * UNIT; i < Math.min(batch, (unit + 1) * UNIT); i++) {
              links[i] = neighbours(scratch, graph, entry, order[start + i], inserted);
            }
            idle.push(scratch);
          });
      apply(graph, entry, order, start, links);
      done += batch;
    }
    idle.clear();
  }

  private Scratch take(Graph graph, Pivots entry) {
    var scratch = idle.poll();
    return scratch == null ? new Scratch(graph, entry) : scratch;
  }

  private int[] neighbours(Scratch scratch, Graph graph, Pivots entry, int row, int inserted) {
    var scorer = scratch.walk.scorer();
    scorer.setRow(row);
    var seeds = scratch.finder.find(Math.min(Pivots.count(inserted), entry.size()));
    var pool = scratch.walk.run(seeds, scratch.finder.found(), settings.width());
    int count = 0;
    for (int i = 0; i < pool.size(); i++) {
      if (pool.row(i) != row) {
        scratch.candidates[count++] = pool.row(i);
      }
    }
    if (inserted == size) { // inserted before: what it was linked to stays a candidate
      int found = count;
      int had = graph.neighbours(row, scratch.chosen);
      for (int i = 0; i < had; i++) {
        if (!contains(scratch.candidates, found, scratch.chosen[i])) {
          scratch.candidates[count++] = scratch.chosen[i];
        }
      }
    }
    int kept =
        scratch.pruner.prune(
            row, scratch.candidates, count, settings.degree(), false, scratch.chosen);
    return Arrays.copyOf(scratch.chosen, kept);
  }

  /** Writes the links of a batch, and those back. */
  private void apply(Graph graph, Pivots entry, int[] order, int start, int[][] links) {
    int total = 0;
    for (int i = 0; i < links.length; i++) {
      total += links[i].length;
    }
    var back = new long[total];
    int at = 0;
    for (int i = 0; i < links.length; i++) {
      int row = order[start + i];
      graph.setNeighbours(row, links[i], links[i].length);
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
          var scratch = take(graph, entry);
          for (int g = (int) unit * UNIT; g < Math.min(all, (unit + 1) * UNIT); g++) {
            linkBack(scratch, graph, back, starts[g], starts[g + 1]);
          }
          idle.push(scratch);
        });
  }

  private void linkBack(Scratch scratch, Graph graph, long[] back, int from, int to) {
    int row = (int) (back[from] >>> 32);
    for (int i = from; i < to; ) {
      int count = graph.neighbours(row, scratch.candidates);
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
        graph.setNeighbours(row, scratch.chosen, kept);
      } else {
        graph.setNeighbours(row, scratch.candidates, count);
      }
    }
  }

  private static boolean contains(int[] rows, int count, int row) {
    for (int i = 0; i < count; i++) {
      if (rows[i] == row) {
        return true;
      }
    }
    return false;
  }

  /** Copies the graph into its final table, each line pruned to the degree and filled up. */
  private Graph finish(Graph working) {
    int degree = settings.degree();
    var links = options.arena().allocate(4L * degree * size, 64);
    var graph = new Graph(links, size, degree);
    var pruners = new ConcurrentLinkedDeque<Pruner>();
    int unit = 256;
    Workers.forEach(
        (size + unit - 1) / unit,
        options.threads(),
        options.progress(),
        block -> {
          var idlePruner = pruners.poll();
          var pruner =
              idlePruner == null ? new Pruner(scorers, settings.alpha(), room) : idlePruner;
          var candidates = new int[room];
          var chosen = new int[degree];
          for (int row = (int) block * unit; row < Math.min(size, (block + 1) * unit); row++) {
            int count = working.neighbours(row, candidates);
            int kept = pruner.prune(row, candidates, count, degree, true, chosen);
            graph.setNeighbours(row, chosen, kept);
          }
          pruners.push(pruner);
        });
    return graph;
  }
}
