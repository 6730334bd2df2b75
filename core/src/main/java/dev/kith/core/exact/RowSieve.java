package dev.kith.core.exact;

import dev.kith.core.kernel.HalfKernel;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.ScanKernel;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.FloatBound;
import dev.kith.core.quant.HalfShadow;
import dev.kith.core.search.RowFilter;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorBlock;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Sieve by float32 products with the rows themselves, or with 16-bit copies of them. */
final class RowSieve implements Sieve {
  /*
   * Implementation notes
   *
   * One loop for all metrics. Kernels compute inner products only: L2 and cosine follow from the
   * product and the row's squared norm, and one bound serves them all [1]. For a block, a scanner
   * reads norms and residuals, turns them into the terms mul, add and slack, multiplies, and lets
   * ScanKernel.select keep the rows whose dot * mul + add + scale * slack is not below the query's
   * threshold, all in float32. Only those get an interval in float64 and are offered [2]. A query's
   * threshold is computed again only when its tau has moved.
   *
   * Three scanners. From TILE_FROM queries on, TiledScanner packs rows element by element, rows
   * side by side, and multiplies them with tiles of queries packed likewise, so that a tile's sums
   * stay in registers: the matrix product of [3], with the cache blocked by blocks of rows. For
   * fewer queries that would not pay, since packing costs as much as 15 queries do [4]:
   * DirectScanner multiplies each query with the rows where they lie, in the mapped file, while the
   * block stays in the L2 cache; HalfScanner does so over 16-bit floats. A single query has larger
   * blocks, for it reads nothing twice. Other element types are decoded, row by row, into a buffer
   * of the worker's.
   *
   * Norms are kept, 4 bytes a row, from the first scan of a block on: computing them in every scan
   * made it a tenth slower [1]. A shadow of 16-bit floats has them beside its codes.
   *
   * Sparse filters. If fewer than GATHER_BELOW of a block's rows are let through, their numbers
   * wait for those of the next blocks, until CACHED bytes of rows are multiplied at once, by number
   * and in place. Sparse rows are one cache miss after another unless several are read together:
   * four by four took half the time [5]. What is scanned then is a view from the first such row to
   * the last, of which the rows between are never read. HalfScanner copies gathered rows together
   * first, as its loops want one stride; scanners that copy or decode every row gather under any
   * filter. Norms of gathered rows are computed anew unless their pages are all there: a table for
   * single rows would have gained 10 to 20 % there, and was not worth its memory [5].
   *
   * Cost: beside the norms, a worker has nine arrays of a block's length, at most 1,024, and its
   * scanner's buffers; a tiled pass holds a packed copy of its queries.
   *
   * [1] docs/decisions/0002-scan-by-inner-products.md
   * [2] docs/exactness.md, sections 2, 3 and 5
   * [3] K. Goto, R. van de Geijn: Anatomy of High-Performance Matrix Multiplication, ACM
   *     Transactions on Mathematical Software 34(3), 2008
   * [4] docs/decisions/0003-simd-kernels.md
   * [5] docs/decisions/0013-filters-gather-rows.md, docs/results/filtered-scan.md
   */

  /**
   * Least number of queries for which packing rows into panels costs less than it saves (measured).
   */
  private static final int TILE_FROM = 20;

  /** Bytes of rows that stay in the L2 cache until the last of a few queries has read them. */
  private static final int CACHED = 1 << 18;

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Share of a block's rows below which those that a filter lets through are read alone; above it
   * the jumps cost more than the other rows' products (measured: docs/results/filtered-scan.md).
   */
  private static final double GATHER_BELOW = 0.4;

  /** Reader of the squared norms of some rows of a block, and of the residuals of their copies. */
  private interface Terms {
    void read(
        VectorBlock block, int[] picked, int count, float[] norms, float[] residuals, float[] row);
  }

  private final ScanKernel kernel;
  private final @Nullable HalfKernel halves;
  private final String bound;
  private final VectorSource rows;
  private final FloatBound floats;
  private final Terms terms;
  private final @Nullable RowNorms norms;

  private RowSieve(
      Kernels kernels,
      String bound,
      VectorSource rows,
      Metric metric,
      Terms terms,
      @Nullable RowNorms norms) {
    this.kernel = kernels.rows();
    this.halves = kernels.halves();
    this.bound = bound;
    this.rows = rows;
    this.floats = new FloatBound(metric, rows.dimension());
    this.terms = terms;
    this.norms = norms;
  }

  /** Sieve by the rows themselves. */
  static RowSieve of(Kernels kernels, VectorSource rows, Metric metric) {
    var norms = new RowNorms(rows, kernels.rows());
    // Residuals are left alone: nothing else writes that array, so they stay 0.
    return new RowSieve(
        kernels,
        "float32",
        rows,
        metric,
        (block, picked, count, squares, _, row) -> {
          if (whole(picked, count)) {
            norms.read(block.firstRow(), count, squares);
          } else {
            norms.read(block, picked, count, squares, row);
          }
        },
        norms);
  }

  /** Sieve by the 16-bit copies of a shadow. */
  static RowSieve of(Kernels kernels, HalfShadow shadow) {
    return new RowSieve(
        kernels,
        shadow.quantizer().name(),
        shadow.codes(),
        shadow.metric(),
        (block, picked, count, squares, residuals, _) ->
            shadow.terms(block.firstRow(), picked, count, squares, residuals),
        null);
  }

  /** Whether {@code picked}, which ascends, holds the first {@code count} rows of the block. */
  private static boolean whole(int[] picked, int count) {
    return picked[count - 1] == count - 1;
  }

  @Override
  public String bound() {
    return bound;
  }

  /** Bytes of norms kept so far. */
  long bytes() {
    return norms == null ? 0 : norms.bytes();
  }

  @Override
  public boolean suits(@Nullable RowFilter filter) {
    return true;
  }

  @Override
  public Pass pass(int count) {
    return new RowPass(count);
  }

  private final class RowPass implements Pass {
    private final FloatBound.Query[] queries;
    private final boolean tiled;
    private @Nullable RowFilter filter;

    /** Number of starts; a scanner that has seen another number forgets what it kept. */
    private int starts;

    /** Queries in tiles, {@code [tile][d][tileQueries]}; the last tile is padded with zeros. */
    private final float[] packed;

    /** Rows that a scanner takes at once, a multiple of {@link #STEP}. */
    private final int room;

    RowPass(int count) {
      int d = rows.dimension();
      this.queries = new FloatBound.Query[count];
      this.tiled = count >= TILE_FROM;
      int width = kernel.tileQueries();
      this.packed = new float[tiled ? (count + width - 1) / width * width * d : 0];
      // A block is read once from memory and then from the L2 cache by every other query.
      int blockBytes = count == 1 ? 1 << 22 : tiled ? 1 << 19 : CACHED;
      int most = STEP * Math.clamp(blockBytes / (4L * d * STEP), 1, 16);
      this.room = (int) Math.min(most, Math.max((rows.size() + STEP - 1) / STEP, 1) * STEP);
    }

    @Override
    public void start(VectorSource given, @Nullable RowFilter only) {
      filter = only;
      starts++;
      int width = kernel.tileQueries();
      for (int q = 0; q < queries.length; q++) {
        var query = given.row(q);
        VectorDataException.requireFinite(given, q, query);
        queries[q] = floats.query(query);
        if (tiled) {
          int at = q / width * width * query.length + q % width;
          for (float element : queries[q].scanned()) {
            packed[at] = element;
            at += width;
          }
        }
      }
    }

    @Override
    public void end() {
      filter = null;
    }

    @Override
    public float[] query(int q) {
      return queries[q].original();
    }

    @Override
    public boolean bounded(int q) {
      return queries[q].bounded();
    }

    @Override
    public int blockRows() {
      return room;
    }

    @Override
    public Scanner scanner() {
      if (tiled) {
        return new TiledScanner(this);
      }
      var loops = halves;
      boolean half = rows.elementType().bytes() == 2;
      return half && loops != null ? new HalfScanner(this, loops) : new DirectScanner(this);
    }
  }

  /**
   * Base of the scanners: buffers of one worker, {@code [>= room]} each, and the gathering of rows.
   */
  private abstract class RowScanner implements Scanner {
    final RowPass pass;
    final float[] norms;
    final float[] residuals;
    final float[] mul;
    final float[] add;
    final float[] slack;
    final int[] kept;

    /** Buffer for one decoded row. */
    final float[] row = new float[rows.dimension()];

    /** Rows of a block that a filter lets through. */
    private final int[] picked;

    /**
     * Rows of several blocks that the filter lets through, counted from {@link #base}, held back
     * until there are {@link #enough}.
     */
    private final int[] waiting;

    private int waits;

    /** Gathered rows that are multiplied together: read from memory once, then from the caches. */
    private final int enough;

    private long base;

    /** Row numbers 0, 1, 2 and so on, for a block that is scanned as a whole. */
    private final int[] all;

    /** Last {@code tau} of each query, from which its entry of {@link #thresholds} follows. */
    private final double[] taus;

    private final float[] thresholds;
    private int starts;
    private long read;

    RowScanner(RowPass pass) {
      this.pass = pass;
      int size = pass.room;
      this.norms = new float[size];
      this.residuals = new float[size];
      this.mul = new float[size];
      this.add = new float[size];
      this.slack = new float[size];
      this.kept = new int[size];
      this.picked = new int[size];
      this.waiting = new int[size];
      this.enough = Math.clamp(CACHED / (4L * rows.dimension()), STEP, size);
      this.all = new int[size];
      Arrays.setAll(all, r -> r);
      this.taus = new double[pass.queries.length];
      this.thresholds = new float[pass.queries.length];
    }

    @Override
    public final void start() {
      read = 0;
    }

    @Override
    public final long rowsRead() {
      return read;
    }

    @Override
    public final void scan(long first, int count, Candidates[] candidates) {
      if (starts != pass.starts) {
        starts = pass.starts;
        Arrays.fill(taus, Double.NaN);
        waits = 0;
      }
      var filter = pass.filter;
      int n = filter == null ? count : filter.pick(first, count, picked);
      read += (long) n * pass.queries.length;
      if (n >= count * gatherBelow()) {
        scan(rows.block(first, count), all, count, candidates);
        return;
      }
      if (waits + n > enough || first - base > Integer.MAX_VALUE - count) {
        end(candidates);
      }
      base = waits == 0 ? first : base;
      for (int i = 0; i < n; i++) {
        waiting[waits++] = (int) (first - base) + picked[i];
      }
    }

    @Override
    public final void end(Candidates[] candidates) {
      if (waits > 0) {
        int count = waits;
        waits = 0;
        scan(rows.block(base, waiting[count - 1] + 1), waiting, count, candidates);
      }
    }

    private void scan(VectorBlock block, int[] chosen, int count, Candidates[] candidates) {
      terms.read(block, chosen, count, norms, residuals, row);
      floats.rowTerms(norms, residuals, count, mul, add, slack);
      multiply(block, chosen, count, candidates);
    }

    /** Share of a block's rows below which those that the filter lets through are gathered. */
    double gatherBelow() {
      return 1; // each row is copied in any case
    }

    /**
     * Multiplies all queries with the chosen rows, whose terms have been read, and selects.
     *
     * @param chosen {@code [>= count]}, ascending; at most {@code room}
     */
    abstract void multiply(VectorBlock block, int[] chosen, int count, Candidates[] candidates);

    private float threshold(int q, double tau) {
      if (taus[q] != tau) { // true also at first, where it is NaN
        taus[q] = tau;
        thresholds[q] = floats.threshold(pass.queries[q], tau);
      }
      return thresholds[q];
    }

    /**
     * Offers the rows that the query's threshold keeps.
     *
     * @param dots products with {@code count} rows, from {@code at} on
     * @param from place in {@code chosen} of the first of those rows
     */
    final void select(
        int q,
        Candidates candidates,
        float[] dots,
        int at,
        VectorBlock block,
        int[] chosen,
        int from,
        int count) {
      if (candidates.gaveUp()) {
        return;
      }
      var query = pass.queries[q];
      float threshold = threshold(q, candidates.tau());
      float scale = floats.scale(query);
      int n = kernel.select(dots, at, from, count, mul, add, slack, scale, threshold, kept);
      for (int i = 0; i < n; i++) {
        int r = kept[i];
        long number = block.firstRow() + chosen[from + r];
        if (pass.filter == null || pass.filter.allows(number)) {
          float norm = norms[from + r];
          candidates.offer(
              number,
              floats.estimate(query, dots[at + r], norm),
              floats.error(query, norm, residuals[from + r]));
        }
      }
    }
  }

  /** Scanner for few queries: each is multiplied with the rows in place. */
  private final class DirectScanner extends RowScanner {
    private final long rowBytes = 4L * rows.dimension();
    private final boolean inPlace = rows.elementType() == ElementType.FLOAT32;
    private final MemorySegment decoded;
    private final float[] dots;

    DirectScanner(RowPass pass) {
      super(pass);
      this.dots = new float[pass.room];
      this.decoded =
          inPlace ? MemorySegment.NULL : Arena.ofAuto().allocate(pass.room * rowBytes, 64);
    }

    @Override
    double gatherBelow() {
      return inPlace ? GATHER_BELOW : 1;
    }

    @Override
    void multiply(VectorBlock block, int[] chosen, int count, Candidates[] candidates) {
      if (!inPlace) {
        for (int i = 0; i < count; i++) {
          block.decodeRow(chosen[i], row, 0);
          MemorySegment.copy(row, 0, decoded, FLOAT, i * rowBytes, row.length);
        }
      }
      boolean jumps = inPlace && !whole(chosen, count);
      var data = inPlace ? block.data() : decoded;
      long stride = inPlace ? block.stride() : rowBytes;
      for (int q = 0; q < pass.queries.length; q++) {
        var query = pass.queries[q].scanned();
        if (jumps) {
          kernel.dots(query, data, stride, chosen, count, dots);
        } else {
          kernel.dots(query, data, stride, count, dots);
        }
        select(q, candidates[q], dots, 0, block, chosen, 0, count);
      }
    }
  }

  /** Scanner for few queries over 16-bit floats, with loops that multiply them in place. */
  private final class HalfScanner extends RowScanner {
    private final HalfKernel loops;
    private final MemorySegment query;
    private final MemorySegment products;
    private final float[] dots;

    /** Contiguous copies of gathered rows; NULL until there are any. */
    private MemorySegment gathered = MemorySegment.NULL;

    HalfScanner(RowPass pass, HalfKernel loops) {
      super(pass);
      this.loops = loops;
      this.query = Arena.ofAuto().allocate(4L * rows.dimension(), 64);
      this.products = Arena.ofAuto().allocate(4L * pass.room, 64);
      this.dots = new float[pass.room];
    }

    @Override
    double gatherBelow() {
      return GATHER_BELOW;
    }

    @Override
    void multiply(VectorBlock block, int[] chosen, int count, Candidates[] candidates) {
      int d = rows.dimension();
      var data = block.data();
      long stride = block.stride();
      if (!whole(chosen, count)) {
        data = gather(block, chosen, count);
        stride = 2L * d;
      }
      for (int q = 0; q < pass.queries.length; q++) {
        MemorySegment.copy(pass.queries[q].scanned(), 0, query, FLOAT, 0, d);
        loops.dots(rows.elementType(), query, data, stride, count, d, products);
        MemorySegment.copy(products, FLOAT, 0, dots, 0, count);
        select(q, candidates[q], dots, 0, block, chosen, 0, count);
      }
    }

    private MemorySegment gather(VectorBlock block, int[] chosen, int count) {
      long bytes = 2L * rows.dimension();
      if (gathered.byteSize() == 0) {
        gathered = Arena.ofAuto().allocate(pass.room * bytes, 64);
      }
      for (int i = 0; i < count; i++) {
        MemorySegment.copy(block.data(), chosen[i] * block.stride(), gathered, i * bytes, bytes);
      }
      return gathered;
    }
  }

  /**
   * Scanner for many queries: rows are packed into panels, which are multiplied with tiles of
   * queries.
   */
  private final class TiledScanner extends RowScanner {
    private final int d = rows.dimension();
    private final int panelRows = kernel.panelRows();
    private final int tileQueries = kernel.tileQueries();
    private final float[] decoded = new float[panelRows * d];
    private final float[] panels;
    private final float[] dots = new float[tileQueries * panelRows];

    TiledScanner(RowPass pass) {
      super(pass);
      this.panels = new float[(pass.room + panelRows - 1) / panelRows * panelRows * d];
    }

    @Override
    void multiply(VectorBlock block, int[] chosen, int count, Candidates[] candidates) {
      for (int at = 0; at < count; at += panelRows) {
        packPanel(block, chosen, at, Math.min(panelRows, count - at));
      }
      for (int tile = 0; tile < pass.queries.length; tile += tileQueries) {
        int tiles = Math.min(tileQueries, pass.queries.length - tile);
        for (int at = 0; at < count; at += panelRows) {
          kernel.tile(panels, at * d, pass.packed, tile * d, d, dots);
          for (int q = 0; q < tiles; q++) {
            select(
                tile + q,
                candidates[tile + q],
                dots,
                q * panelRows,
                block,
                chosen,
                at,
                Math.min(panelRows, count - at));
          }
        }
      }
    }

    /**
     * Packs a panel of {@code count} rows. Columns past {@code count} keep what was there: their
     * products are never looked at.
     */
    private void packPanel(VectorBlock block, int[] chosen, int at, int count) {
      for (int r = 0; r < count; r++) {
        block.decodeRow(chosen[at + r], decoded, r * d);
      }
      kernel.pack(decoded, count, d, panels, at * d);
    }
  }
}
