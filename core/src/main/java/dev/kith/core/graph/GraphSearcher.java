package dev.kith.core.graph;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatData;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.quant.Scorers;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.Rescorer;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.Searcher;
import dev.kith.core.search.StopSignal;
import dev.kith.core.search.TopK;
import dev.kith.core.search.Work;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

/**
 * Approximate nearest neighbours by walks through a graph: estimates by codes lead the walk, and
 * the best rows that it found get their canonical keys.
 */
public final class GraphSearcher implements Searcher {
  /** Rows of the pool that get their keys, at least; fewer lose what 4 bits confuse (measured). */
  private static final int RESCORED = 20;

  /** Share of the pool that gets its keys, at least: one row in {@code RESCORED_SHARE}. */
  private static final int RESCORED_SHARE = 4;

  private final String backend;
  private final GraphData data;
  private final Kernels kernels;
  private final Scorers scorers;
  private final Entry entry;
  private final ExactScan exact;
  private volatile @Nullable FilterPlanner planner;
  private final ConcurrentLinkedDeque<Scratch> idle = new ConcurrentLinkedDeque<>();

  /**
   * Creates a search of {@code data} with the loops of {@code kernels}.
   *
   * @param backend name for reports
   */
  public GraphSearcher(Kernels kernels, String backend, GraphData data) {
    this.backend = backend;
    this.data = data;
    this.kernels = kernels;
    this.scorers = data.codes().scorers(kernels);
    this.entry = data.entry(kernels);
    this.exact = new ExactScan(kernels, backend, new FlatData(data.rows(), data.metric(), null));
  }

  /** What one worker needs for its searches. */
  private final class Scratch {
    final Walk walk = new Walk(data.graph(), scorers);
    final Entry.Finder finder = entry.finder(walk.scorer());
    final Rescorer rescorer = new Rescorer(data.rows(), data.metric(), kernels.keys());
    final float[] query = new float[data.rows().dimension()];
    final int[] line = new int[data.graph().degree()];

    long estimated() {
      return walk.estimated() + finder.estimated();
    }
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    Searcher.requireFits(queries, options, data.rows());
    int width = QueryWalks.width(options.effort(), data.spec());
    var filter = options.filter();
    int wide = Math.max(width, options.k());
    if (width == 0 || (filter != null && planner().scans(filter, wide))) {
      return exact.search(queries, options);
    }
    return QueryWalks.run(
        queries,
        options,
        SearchReport.of(backend, data.spec().toString()),
        () -> {
          var scratch = idle.poll();
          return scratch == null ? new Scratch() : scratch;
        },
        idle::push,
        (scratch, q, stop) -> walk(scratch, queries, q, options, wide, stop),
        exact::search);
  }

  /** Planner of this index, which measures its costs when it is first needed. */
  private FilterPlanner planner() {
    var known = planner;
    if (known == null) {
      known =
          new FilterPlanner(
              data.graph(), WalkCosts.measure(data.rows(), data.graph(), scorers, exact));
      planner = known; // another thread may do the same: either will do
    }
    return known;
  }

  /** Sets the planner of filtered searches; for tests, whose costs must not depend on the load. */
  void plan(FilterPlanner another) {
    planner = another;
  }

  private QueryWalks.Walked walk(
      Scratch scratch,
      VectorSource queries,
      int q,
      SearchOptions options,
      int width,
      StopSignal stop) {
    long hops = scratch.walk.hops();
    long estimated = scratch.estimated();
    scratch.rescorer.start(stop);
    var found = answer(scratch, queries, q, options, width);
    return new QueryWalks.Walked(
        found,
        new Work(
            scratch.estimated() - estimated,
            scratch.rescorer.count(),
            scratch.walk.hops() - hops,
            0,
            0));
  }

  /** Rows of a pool of {@code width} that get their keys, for {@code k} neighbours. */
  static int rescored(int k, int width) {
    return Math.max(Math.max(RESCORED, 2 * k), width / RESCORED_SHARE);
  }

  /** Answers by a walk, or returns null if a scan is to answer. */
  private @Nullable Neighbors answer(
      Scratch scratch, VectorSource queries, int q, SearchOptions options, int width) {
    int k = options.k();
    var query = scratch.query;
    queries.block(q, 1).decodeRow(0, query, 0);
    VectorDataException.requireFinite(queries, q, query);
    if (data.graph().size() == 0) {
      return new Neighbors(data.metric(), new long[0], new double[0]);
    }
    scratch.walk.scorer().setQuery(query);
    var seeds = scratch.finder.find();
    int count = scratch.finder.found();
    var filter = options.filter();
    if (filter != null) {
      var sift = planner().plan(filter, width, seeds, count, scratch.line);
      return sift == null ? null : sifted(scratch, seeds, count, k, width, sift);
    }
    var pool = scratch.walk.run(seeds, count, width);
    if (pool.size() < Math.min(k, data.rows().size())) {
      return null;
    }
    int rescored = Math.min(pool.size(), rescored(k, width));
    var best = new TopK(Math.min(k, pool.size()));
    var nearest = pool.rows();
    var found = new double[rescored];
    scratch.rescorer.keys(query, nearest, rescored, found);
    for (int i = 0; i < rescored; i++) {
      best.offer(found[i], nearest[i]);
    }
    return best.drain(data.metric());
  }

  /** Answers by a walk to the rows that {@code sift} wants. */
  private @Nullable Neighbors sifted(
      Scratch scratch, int[] seeds, int count, int k, int width, Sift sift) {
    var pool = scratch.walk.run(seeds, count, width, sift);
    if (pool.counted() < width) { // more rows pass: it was given up, or cut off
      return null;
    }
    int rescored = rescored(k, width);
    var best = new TopK(k);
    for (int i = 0; i < pool.size() && rescored > 0; i++) {
      if (!pool.aside(i)) {
        best.offer(scratch.rescorer.key(scratch.query, pool.row(i)), pool.row(i));
        rescored--;
      }
    }
    return best.drain(data.metric());
  }

  @Override
  public long bytes() {
    return 0;
  }
}
