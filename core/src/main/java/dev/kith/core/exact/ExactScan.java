package dev.kith.core.exact;

import dev.kith.core.kernel.ScanKernel;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.TopK;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorBlock;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Exact nearest neighbours by reading every row once for a group of queries. Workers share out the
 * rows; each keeps, for every query, the rows that the float32 error bound cannot exclude; then the
 * canonical key of those decides, in ascending order of their lower bound.
 */
public final class ExactScan implements ExactSearch {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** The most queries whose rows are read together; bounds the memory of packed queries. */
  private static final int GROUP = 1024;

  /** For large k there are fewer: heaps and lists take some 64 bytes times k a query and worker. */
  private static final long GROUP_BYTES = 1 << 28;

  /** More threads than this many times the cores only cost memory. */
  private static final int THREADS_PER_CORE = 4;

  /** From this many queries on, packing rows into panels costs less than it saves (measured). */
  private static final int TILE_FROM = 20;

  private final ScanKernel kernel;
  private final String backend;

  private final VectorSource rows;
  private final Metric metric;
  private final ErrorBound bound;
  private final RowNorms rowNorms;

  /** Scans {@code rows} with these loops, named {@code backend} in reports. */
  public ExactScan(ScanKernel kernel, String backend, VectorSource rows, Metric metric) {
    this.kernel = kernel;
    this.backend = backend;
    this.rows = rows;
    this.metric = metric;
    this.bound = new ErrorBound(metric, rows.dimension());
    this.rowNorms = new RowNorms(rows, kernel);
  }

  @Override
  public SearchResult search(VectorSource queries, SearchOptions options) {
    if (queries.dimension() != rows.dimension()) {
      throw new IllegalArgumentException(
          "query dimension must match the source: query=%d (%s), source=%d (%s)"
              .formatted(queries.dimension(), queries.name(), rows.dimension(), rows.name()));
    }
    var stop = new StopSignal(options);
    var answers = new ArrayList<Neighbors>();
    var candidates = new AtomicLong();
    int k = (int) Math.min(options.k(), rows.size());
    int workers = workers(options.threads());
    int size = Math.clamp(GROUP_BYTES / (64L * Math.max(k, 1) * workers), 1, GROUP);
    for (long first = 0; first < queries.size(); first += size) {
      int count = (int) Math.min(size, queries.size() - first);
      var group = new Group(queries.slice(first, count), k, workers, stop);
      answers.addAll(Arrays.asList(group.search(candidates)));
    }
    return new SearchResult(
        answers,
        new SearchReport(backend, "flat", rows.size() * queries.size(), candidates.get(), true));
  }

  private static int workers(int threads) {
    int cores = Runtime.getRuntime().availableProcessors();
    return threads == 0 ? cores : Math.min(threads, THREADS_PER_CORE * cores);
  }

  @Override
  public long bytes() {
    return rowNorms.bytes();
  }

  /** One pass over the rows for some queries. */
  private final class Group {
    private final StopSignal stop;
    private final int k;
    private final int workers;
    private final ErrorBound.Query[] queries;
    private final boolean tiled;

    /** In tiles, {@code [tile][d][tileQueries]}; the last tile is filled up with zeros. */
    private final float[] packed;

    private final int blockRows;
    private final AtomicLong nextBlock = new AtomicLong();

    Group(VectorSource queries, int k, int workers, StopSignal stop) {
      this.stop = stop;
      this.k = k;
      this.workers = workers;
      int d = rows.dimension();
      this.queries = new ErrorBound.Query[(int) queries.size()];
      for (int q = 0; q < this.queries.length; q++) {
        var query = queries.row(q);
        VectorDataException.requireFinite(queries, q, query);
        this.queries[q] = bound.query(query);
      }
      this.tiled = this.queries.length >= TILE_FROM;
      this.packed = tiled ? pack(d) : new float[0];
      // A block is read once from memory and then from the L2 cache by every other query.
      int blockBytes = this.queries.length == 1 ? 1 << 22 : tiled ? 1 << 19 : 1 << 18;
      this.blockRows = RowNorms.PAGE * Math.clamp(blockBytes / (4L * d * RowNorms.PAGE), 1, 16);
    }

    private float[] pack(int d) {
      int width = kernel.tileQueries();
      int tiles = (queries.length + width - 1) / width;
      var target = new float[tiles * width * d];
      for (int q = 0; q < queries.length; q++) {
        int at = q / width * width * d + q % width;
        for (float element : queries[q].scanned()) {
          target[at] = element;
          at += width;
        }
      }
      return target;
    }

    Neighbors[] search(AtomicLong rescored) {
      var answers = new Neighbors[queries.length];
      if (rows.size() == 0) {
        Arrays.fill(answers, new Neighbors(new long[0], new double[0]));
        return answers;
      }
      long blocks = (rows.size() + blockRows - 1) / blockRows;
      int scanning = (int) Math.min(workers, blocks);
      var found = new Candidates[scanning][];
      Workers.run(scanning, worker -> found[worker] = scan(rescored), stop::abandon);
      var nextQuery = new AtomicLong();
      Workers.run(
          Math.min(workers, queries.length),
          _ -> {
            var rescorer = new Rescorer(rows, metric, stop);
            int q;
            while ((q = (int) nextQuery.getAndIncrement()) < queries.length) {
              stop.check();
              answers[q] = decide(q, found, rescorer);
            }
            rescored.addAndGet(rescorer.count());
          },
          stop::abandon);
      return answers;
    }

    /** One worker's share of the rows. */
    private Candidates[] scan(AtomicLong rescored) {
      var rescorer = new Rescorer(rows, metric, stop);
      var candidates = new Candidates[queries.length];
      for (int q = 0; q < queries.length; q++) {
        candidates[q] = new Candidates(bound, queries[q], k, rescorer);
      }
      try (var scanner = tiled ? new TiledBlock() : new DirectBlock()) {
        long first;
        while ((first = nextBlock.getAndIncrement() * blockRows) < rows.size()) {
          stop.check();
          scanner.scan(first, (int) Math.min(blockRows, rows.size() - first), candidates);
        }
      }
      rescored.addAndGet(rescorer.count());
      return candidates;
    }

    /** The answer to query {@code q} from all workers' candidates. */
    private Neighbors decide(int q, Candidates[][] found, Rescorer rescorer) {
      var best = new TopK(k);
      double tau = Double.POSITIVE_INFINITY;
      int waiting = 0;
      for (var worker : found) {
        worker[q].settledTo(best);
        tau = Math.min(tau, worker[q].tau());
        waiting = Math.addExact(waiting, worker[q].size());
      }
      var order = new TopK(Math.max(waiting, 1));
      for (var worker : found) {
        worker[q].waitingTo(order, tau);
      }
      var candidates = new long[order.size()];
      var lowers = new double[order.size()];
      order.drain(candidates, lowers);

      for (int i = 0; i < candidates.length && !(lowers[i] > best.bound()); i++) {
        best.offer(rescorer.key(queries[q].original(), candidates[i]), candidates[i]);
      }
      var nearest = new long[best.size()];
      var scores = new double[best.size()];
      best.drain(nearest, scores);
      for (int r = 0; r < scores.length; r++) {
        scores[r] = metric.score(scores[r]);
      }
      return new Neighbors(nearest, scores);
    }

    /** What one worker needs to scan a block: {@code [>= blockRows]} each. */
    private abstract class BlockScanner implements AutoCloseable {
      final float[] norms = new float[blockRows];
      final float[] mul = new float[blockRows];
      final float[] add = new float[blockRows];
      final int[] kept = new int[blockRows];

      abstract void scan(long first, int count, Candidates[] candidates);

      final void readRowTerms(long first, int count) {
        rowNorms.read(first, count, norms);
        bound.rowTerms(norms, count, mul, add);
      }

      /** Offers the rows of a block that the query's threshold keeps. */
      final void select(
          int q, Candidates candidates, float[] dots, int at, long first, int block, int count) {
        int n =
            kernel.select(
                dots,
                at,
                block,
                count,
                mul,
                add,
                bound.scale(queries[q]),
                candidates.threshold(),
                kept);
        for (int i = 0; i < n; i++) {
          int r = kept[i];
          candidates.offer(first + block + r, dots[at + r], norms[block + r]);
        }
      }

      @Override
      public void close() {}
    }

    /** Few queries: each is multiplied with the rows where they lie. */
    private final class DirectBlock extends BlockScanner {
      private final Arena arena = Arena.ofConfined();
      private final long rowBytes = 4L * rows.dimension();
      private final boolean inPlace = rows.elementType() == ElementType.FLOAT32;
      private final MemorySegment decoded = arena.allocate(inPlace ? 64 : blockRows * rowBytes, 64);
      private final float[] row = new float[rows.dimension()];
      private final float[] dots = new float[blockRows];

      @Override
      void scan(long first, int count, Candidates[] candidates) {
        var block = rows.block(first, count);
        var data = block.data();
        long stride = block.stride();
        if (!inPlace) {
          data = decoded;
          stride = rowBytes;
          for (int r = 0; r < count; r++) {
            block.decodeRow(r, row, 0);
            MemorySegment.copy(row, 0, decoded, FLOAT, r * rowBytes, row.length);
          }
        }
        readRowTerms(first, count);
        for (int q = 0; q < candidates.length; q++) {
          kernel.dots(queries[q].scanned(), data, stride, count, dots);
          select(q, candidates[q], dots, 0, first, 0, count);
        }
      }

      @Override
      public void close() {
        arena.close();
      }
    }

    /** Many queries: rows are packed into panels, which tiles of queries are multiplied with. */
    private final class TiledBlock extends BlockScanner {
      private final int d = rows.dimension();
      private final int panelRows = kernel.panelRows();
      private final int tileQueries = kernel.tileQueries();
      private final float[] decoded = new float[panelRows * d];
      private final float[] panels =
          new float[(blockRows + panelRows - 1) / panelRows * panelRows * d];
      private final float[] dots = new float[tileQueries * panelRows];

      @Override
      void scan(long first, int count, Candidates[] candidates) {
        var block = rows.block(first, count);
        for (int at = 0; at < count; at += panelRows) {
          packPanel(block, at, Math.min(panelRows, count - at));
        }
        readRowTerms(first, count);
        for (int tile = 0; tile < candidates.length; tile += tileQueries) {
          int tiles = Math.min(tileQueries, candidates.length - tile);
          for (int at = 0; at < count; at += panelRows) {
            kernel.tile(panels, at * d, packed, tile * d, d, dots);
            for (int q = 0; q < tiles; q++) {
              select(
                  tile + q,
                  candidates[tile + q],
                  dots,
                  q * panelRows,
                  first,
                  at,
                  Math.min(panelRows, count - at));
            }
          }
        }
      }

      /** Rows past {@code count} keep what was there: their products are never looked at. */
      private void packPanel(VectorBlock block, int at, int count) {
        for (int r = 0; r < count; r++) {
          block.decodeRow(at + r, decoded, r * d);
        }
        kernel.pack(decoded, count, d, panels, at * d);
      }
    }
  }
}
