package dev.kith.core.graph;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatData;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.quant.Scorers;
import dev.kith.core.search.Effort;
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
import dev.kith.core.work.Workers;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;

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
    int width =
        switch (options.effort()) {
          case Effort.Exact _ -> 0;
          case Effort.Beam beam -> beam.width();
          case Effort.Recall _ -> 0;
          case Effort.Probes _ ->
              throw new IllegalArgumentException(
                  "an index %s has no lists to probe: ask for a recall or a beam"
                      .formatted(data.spec()));
        };
    if (width == 0 || options.filter() != null || data.pivots().length == 0) {
      return exact.search(queries, options);
    }
    return walk(queries, options, Math.max(width, options.k()));
  }

  private SearchResult walk(VectorSource queries, SearchOptions options, int width) {
    var stop = new StopSignal(options);
    int count = Math.toIntExact(queries.size());
    var answers = new Neighbors[count];
    var works = new Work[count];
    var next = new AtomicInteger();
    Workers.run(
        Math.clamp(count, 1, Workers.count(options.threads())),
        _ -> {
          var reused = idle.poll();
          var scratch = reused == null ? new Scratch() : reused;
          for (int q; (q = next.getAndIncrement()) < count; ) {
            stop.check();
            long hops = scratch.walk.hops();
            long estimated = scratch.walk.estimated();
            var found = answer(scratch, queries, q, options.k(), width, stop);
            long read = scratch.walk.hops() - hops;
            var work =
                new Work(scratch.walk.estimated() - estimated + pivots.size(), read, read, 0, 0);
            if (found.size() < Math.min(options.k(), data.rows().size())) {
              // The walk met fewer rows than are asked for.
              var all = exact.search(queries.slice(q, 1), options.withThreads(1));
              found = all.neighbors().getFirst();
              work = work.plus(all.report().work()).plus(Work.ofScan(0, 0, 1));
            }
            answers[q] = found;
            works[q] = work;
          }
          idle.push(scratch);
        },
        stop::abandon);
    var work = Work.NONE;
    for (var one : works) {
      work = work.plus(one);
    }
    return new SearchResult(
        List.of(answers),
        SearchReport.of(backend, data.spec().toString())
            .withWork(work)
            .withBatched(queries.size()));
  }

  private Neighbors answer(
      Scratch scratch, VectorSource queries, int q, int k, int width, StopSignal stop) {
    var query = scratch.query;
    queries.block(q, 1).decodeRow(0, query, 0);
    VectorDataException.requireFinite(queries, q, query);
    scratch.walk.scorer().setQuery(query);
    var seeds = scratch.finder.find(pivots.size());
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
    var found = new long[best.size()];
    var keys = new double[best.size()];
    best.drain(found, keys);
    return new Neighbors(data.metric(), found, keys);
  }

  @Override
  public long bytes() {
    return 0;
  }
}
