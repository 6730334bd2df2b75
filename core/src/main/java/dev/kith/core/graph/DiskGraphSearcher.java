package dev.kith.core.graph;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatData;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.quant.Scorers;
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
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * Approximate nearest neighbours by walks that read nodes from disk. Every row that a walk expands
 * gets its canonical key, as it came with the node; a hop of the report is one read.
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
    final float[] row = new float[data.rows().dimension()];
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    Searcher.requireFits(queries, options, data.rows());
    int asked = QueryWalks.width(options.effort(), data.spec());
    if (asked == 0 || options.filter() != null || data.pivots().length == 0) {
      return exact.search(queries, options);
    }
    int width = Math.max(asked, options.k());
    return QueryWalks.run(
        queries,
        options,
        SearchReport.of(backend, data.spec().toString()),
        () -> {
          var scratch = idle.poll();
          return scratch == null ? new Scratch() : scratch;
        },
        idle::push,
        (scratch, q, stop) -> walk(scratch, queries, q, options.k(), width, stop),
        exact::search);
  }

  private QueryWalks.Walked walk(
      Scratch scratch, VectorSource queries, int q, int k, int width, StopSignal stop) {
    long hops = scratch.walk.hops();
    long estimated = scratch.walk.estimated() + scratch.finder.estimated();
    var found = answer(scratch, queries, q, k, width, stop);
    long read = scratch.walk.hops() - hops;
    long seen = scratch.walk.estimated() + scratch.finder.estimated() - estimated;
    boolean all = found.size() == Math.min(k, data.rows().size()); // else the walk met fewer rows
    return new QueryWalks.Walked(all ? found : null, new Work(seen, read, read, 0, 0), width, null);
  }

  private Neighbors answer(
      Scratch scratch, VectorSource queries, int q, int k, int width, StopSignal stop) {
    var query = scratch.query;
    queries.block(q, 1).decodeRow(0, query, 0);
    VectorDataException.requireFinite(queries, q, query);
    scratch.walk.scorer().setQuery(query);
    var seeds = scratch.finder.find();
    var rows = data.rows();
    var best = new TopK((int) Math.min(k, rows.size()));
    scratch.walk.run(
        seeds,
        scratch.finder.found(),
        width,
        (row, node) -> {
          stop.check(); // a read takes longer than this
          rows.elementType().decode(node, 0, scratch.row, 0, scratch.row.length);
          double key = data.metric().key(query, scratch.row);
          if (!(Math.abs(key) < Double.POSITIVE_INFINITY)) {
            VectorDataException.requireFinite(rows, row, scratch.row);
          }
          best.offer(key, row);
        });
    return best.drain(data.metric());
  }

  @Override
  public long bytes() {
    return 0;
  }
}
