package dev.kith.core.graph;

import dev.kith.core.exact.CalibrationSample;
import dev.kith.core.quant.Scorers;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

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
   * Batches. A row does not see those of its own batch. From the first on each batch is as large as
   * all before it, up to one row in SHARE; the links back of later batches join what an early one
   * kept apart.
   *
   * Guides. A row whose neighbours are known, for it lies in the graph of an older index, begins from
   * those that are inserted, not from pivots, and walks half as wide: they are where the walk would
   * come to, and stay candidates. The first rows of such a graph find none of theirs and walk as
   * others do, as Lucene's merges have it with their join sets.
   */

  /** Share of the rows, one in {@code SHARE}, that a batch has at most. */
  private static final int SHARE = 50;

  /** Inserted neighbours of a row, at least, for a walk to begin from them. */
  private static final int GUIDED = 3;

  private final @Nullable Guide guide;

  /** Of each row, its place in the order of insertion; used with a guide. */
  private int[] places = new int[0];

  private final CodedRows rows;
  private final GraphSettings settings;
  private final BuildOptions options;
  private final Scorers scorers;
  private final int size;
  private final int most;
  private final ConcurrentLinkedDeque<Scratch> idle = new ConcurrentLinkedDeque<>();

  /** What is known of rows before they are inserted. Safe for many threads. */
  interface Guide {
    /** Most rows that are named. */
    int most();

    /**
     * Names rows near {@code row}, each once, whether they are inserted or not.
     *
     * @param into {@code [>= most()]}
     * @return their number
     */
    int near(int row, int[] into);
  }

  /** Result of a build. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Built(Graph graph, int[] pivots) {}

  InsertBuilder(CodedRows rows, GraphSettings settings, BuildOptions options) {
    this(rows, settings, options, null);
  }

  InsertBuilder(
      CodedRows rows, GraphSettings settings, BuildOptions options, @Nullable Guide guide) {
    this.guide = guide;
    this.rows = rows;
    this.settings = settings;
    this.options = options;
    this.scorers = rows.scorers();
    this.size = rows.size();
    this.most = settings.width() + 2 * settings.degree() + (guide == null ? 0 : guide.most());
  }

  /** What one worker needs. */
  private final class Scratch {
    final Walk walk;
    final Pivots.Finder finder;
    final Pruner pruner = new Pruner(scorers, settings.alpha(), most);
    final int[] candidates = new int[most];
    final int[] chosen = new int[most];
    final int[] known = new int[guide == null ? 0 : guide.most()];

    Scratch(Graph graph, Pivots pivots) {
      walk = new Walk(graph, scorers);
      finder = pivots.finder(walk.scorer());
    }
  }

  Built build() {
    var order = CalibrationSample.permutation(size, settings.seed());
    var pivots = Arrays.copyOf(order, Pivots.count(size));
    try (var linker = new Linker(rows, settings, options)) {
      var entry = Pivots.of(pivots, rows);
      for (int pass = 0; pass < settings.passes(); pass++) {
        insert(linker, entry, order, 0, pass);
      }
      return new Built(linker.finish(), pivots);
    }
  }

  /**
   * Inserts rows, in batches.
   *
   * @param entry begins with rows that are there before
   * @param order of all rows, those that are there before first
   * @param from place of the first row that is inserted
   * @param pass 0 if the rows are not there yet
   */
  void insert(Linker linker, Pivots entry, int[] order, int from, int pass) {
    var graph = linker.working();
    if (guide != null && places.length == 0) {
      places = new int[size];
      for (int i = 0; i < size; i++) {
        places[order[i]] = i;
      }
    }
    int largest = Math.max(size / SHARE, 1);
    for (int done = pass == 0 ? Math.max(from, 1) : from; done < size; ) {
      int batch = Math.min(Math.min(pass == 0 ? done : size, largest), size - done);
      int start = done;
      int inserted = pass == 0 ? done : size;
      var links = new int[batch][];
      Workers.forEach(
          (batch + Linker.UNIT - 1) / Linker.UNIT,
          options.threads(),
          options.progress(),
          unit -> {
            var scratch = take(graph, entry);
            for (int i = (int) unit * Linker.UNIT;
                i < Math.min(batch, (unit + 1) * Linker.UNIT);
                i++) {
              links[i] = neighbours(scratch, graph, entry, order[start + i], inserted);
            }
            idle.push(scratch);
          });
      linker.apply(order, start, links);
      done += batch;
    }
    idle.clear();
  }

  private Scratch take(Graph graph, Pivots entry) {
    var scratch = idle.poll();
    return scratch == null ? new Scratch(graph, entry) : scratch;
  }

  /** Collects what the guide names of the rows inserted so far. */
  private int known(int[] into, int row, int inserted) {
    if (guide == null) {
      return 0;
    }
    int count = guide.near(row, into);
    int known = 0;
    for (int i = 0; i < count; i++) {
      if (places[into[i]] < inserted) {
        into[known++] = into[i];
      }
    }
    return known;
  }

  private int[] neighbours(Scratch scratch, Graph graph, Pivots entry, int row, int inserted) {
    var scorer = scratch.walk.scorer();
    scorer.setRow(row);
    int known = known(scratch.known, row, inserted);
    Pool pool;
    if (known < GUIDED) {
      var seeds = scratch.finder.find(Math.min(Pivots.count(inserted), entry.size()));
      pool = scratch.walk.run(seeds, scratch.finder.found(), settings.width());
    } else {
      int width = Math.min(settings.width(), Math.max(settings.width() / 2, settings.degree()));
      pool = scratch.walk.run(scratch.known, known, width);
    }
    int count = 0;
    for (int i = 0; i < pool.size(); i++) {
      if (pool.row(i) != row) {
        scratch.candidates[count++] = pool.row(i);
      }
    }
    int walked = count;
    for (int i = 0; i < known; i++) {
      if (!Linker.contains(scratch.candidates, walked, scratch.known[i])) {
        scratch.candidates[count++] = scratch.known[i];
      }
    }
    if (inserted == size) { // inserted before: what it was linked to stays a candidate
      int found = count;
      int had = graph.neighbours(row, scratch.chosen);
      for (int i = 0; i < had; i++) {
        if (!Linker.contains(scratch.candidates, found, scratch.chosen[i])) {
          scratch.candidates[count++] = scratch.chosen[i];
        }
      }
    }
    int kept =
        scratch.pruner.prune(
            row, scratch.candidates, count, settings.chosen(), false, scratch.chosen);
    return Arrays.copyOf(scratch.chosen, kept);
  }
}
