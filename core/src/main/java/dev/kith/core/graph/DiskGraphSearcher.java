package dev.kith.core.graph;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatData;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.quant.Scorers;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.Searcher;
import dev.kith.core.search.StopSignal;
import dev.kith.core.search.TopK;
import dev.kith.core.search.Work;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

/**
 * Approximate nearest neighbours by walks that read nodes from disk. Every row that a walk expands
 * gets its canonical key, as it came with the node; a hop of the report is one read. A recall is
 * reached by the curve that the index measured in memory: walks stop by the same rules, and what a
 * walk in memory would score is read and scored. With a filter answers are exact.
 */
public final class DiskGraphSearcher implements Searcher {
  /** Nodes that are read together; {@code -Dkith.disk.beam} sets another number, to measure. */
  private static final int BEAM = Integer.getInteger("kith.disk.beam", 4);

  private final String backend;
  private final DiskGraphData data;
  private final NodeReader reader;
  private final Scorers scorers;
  private final Pivots pivots;
  private final ExactScan exact;
  private final ConcurrentLinkedDeque<Scratch> idle = new ConcurrentLinkedDeque<>();

  /**
   * Creates a search of {@code data} with the loops of {@code kernels}.
   *
   * @param backend name for reports
   * @throws java.io.UncheckedIOException if its file cannot be opened
   */
  public DiskGraphSearcher(Kernels kernels, String backend, DiskGraphData data) {
    this.backend = backend;
    this.data = data;
    this.reader = data.reader();
    this.scorers = data.codes().scorers(kernels);
    this.pivots = Pivots.of(data.pivots(), CodedRows.of(data.codes(), kernels));
    this.exact = new ExactScan(kernels, backend, new FlatData(data.rows(), data.metric(), null));
  }

  /** What one worker needs for its searches. */
  private final class Scratch {
    final DiskWalk walk = new DiskWalk(reader, scorers, BEAM);
    final Pivots.Finder finder = pivots.finder(walk.scorer());
    final float[] query = new float[data.rows().dimension()];
    final RatioWatch watch = new RatioWatch(Scored.of(scorers));
    final float[] row = new float[data.rows().dimension()];
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    Searcher.requireFits(queries, options, data.rows());
    var plan = WalkPlan.of(options, data.curve(), data.spec());
    if (plan == null || options.filter() != null || data.pivots().length == 0) {
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
        (scratch, q, stop) -> walk(scratch, queries, q, plan, stop),
        exact::search);
  }

  private QueryWalks.Walked walk(
      Scratch scratch, VectorSource queries, int q, WalkPlan plan, StopSignal stop) {
    long hops = scratch.walk.hops();
    long estimated = scratch.walk.estimated() + scratch.finder.estimated();
    var found = answer(scratch, queries, q, plan, stop);
    long read = scratch.walk.hops() - hops;
    long seen = scratch.walk.estimated() + scratch.finder.estimated() - estimated;
    var watch = scratch.watch;
    return new QueryWalks.Walked(
        found,
        new Work(seen, read, read, 0, 0),
        plan.width(watch),
        found == null ? null : plan.expected(watch));
  }

  /** Answers by a walk; null if a scan is to answer. */
  private @Nullable Neighbors answer(
      Scratch scratch, VectorSource queries, int q, WalkPlan plan, StopSignal stop) {
    var query = scratch.query;
    queries.block(q, 1).decodeRow(0, query, 0);
    VectorDataException.requireFinite(queries, q, query);
    scratch.walk.scorer().setQuery(query);
    var seeds = scratch.finder.find();
    var rows = data.rows();
    int most = (int) Math.min(plan.k(), rows.size());
    var best = new TopK(most);
    DiskWalk.Rows taking =
        (row, node) -> {
          stop.check(); // a read takes longer than this
          rows.elementType().decode(node, 0, scratch.row, 0, scratch.row.length);
          double key = data.metric().key(query, scratch.row);
          if (!(Math.abs(key) < Double.POSITIVE_INFINITY)) {
            VectorDataException.requireFinite(rows, row, scratch.row);
          }
          best.offer(key, row);
        };
    var watch = scratch.watch;
    scratch.walk.run(seeds, scratch.finder.found(), plan.width(), plan.start(watch), taking);
    if (plan.misses(watch)) {
      return null;
    }
    if (plan.rule() != null) { // the recall is that of walks in memory, which score these rows, too
      scratch.walk.readNearest(plan.scored(watch), taking);
    }
    var found = best.drain(data.metric());
    return found.size() == most ? found : null; // else the walk met fewer rows
  }

  /**
   * {@inheritDoc}
   *
   * <p>Walks on disk go by the curve of the index in memory that they were saved from.
   */
  @Override
  public IndexData calibrated(VectorSource queries, BuildOptions options) {
    throw new IllegalArgumentException(
        "a graph on disk keeps the curve of the index that it was saved from: calibrate that one,"
            + " and save it for walks from disk again");
  }

  @Override
  public long bytes() {
    return 0;
  }
}
