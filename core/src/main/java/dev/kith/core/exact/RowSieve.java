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

/** Excludes rows by float32 products with the rows themselves, or with 16-bit copies of them. */
final class RowSieve implements Sieve {
  /** From this many queries on, packing rows into panels costs less than it saves (measured). */
  private static final int TILE_FROM = 20;

  /** Bytes of rows that stay in the L2 cache until the last of a few queries has read them. */
  private static final int CACHED = 1 << 18;

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Of a block of which a filter lets less than this share through, those rows alone are read; else
   * the jumps cost more than the others' products (measured: docs/results/filtered-scan.md).
   */
  private static final double GATHER_BELOW = 0.4;

  /** Squared norms of some rows of a block and what their copies lost. */
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

  /** By the rows themselves. */
  static RowSieve of(Kernels kernels, VectorSource rows, Metric metric) {
    var norms = new RowNorms(rows, kernels.rows());
    // The residuals of an array that is never written but here stay 0.
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

  /** By their 16-bit copies. */
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

  /** Whether these rows, which ascend, are the first {@code count} of their block. */
  private static boolean whole(int[] picked, int count) {
    return picked[count - 1] == count - 1;
  }

  @Override
  public String bound() {
    return bound;
  }

  /** Bytes of memory kept about the rows, so far. */
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

    /** How often it was started. */
    private int starts;

    /** In tiles, {@code [tile][d][tileQueries]}; the last tile is filled up with zeros. */
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

  /** What one worker needs to scan a block: {@code [>= room]} each. */
  private abstract class RowScanner implements Scanner {
    final RowPass pass;
    final float[] norms;
    final float[] residuals;
    final float[] mul;
    final float[] add;
    final float[] slack;
    final int[] kept;

    /** Room for a row. */
    final float[] row = new float[rows.dimension()];

    /** Rows of a block that a filter lets through. */
    private final int[] picked;

    /** Such rows of several blocks, counted from {@link #base}, until there are enough. */
    private final int[] waiting;

    private int waits;

    /** So many are multiplied together: they are read from memory once, then from the caches. */
    private final int enough;

    private long base;

    /** All rows: 0, 1, 2 and so on. */
    private final int[] all;

    /** The last {@code tau} of each query, and the threshold that follows from it. */
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

    /** Of a block of which less than this share is let through, those rows alone are taken. */
    double gatherBelow() {
      return 1; // where each row is copied in any case
    }

    /**
     * Multiplies queries with these rows of the block, whose terms have been read, and selects.
     *
     * @param chosen {@code [>= count]}, ascending; at most {@code room}
     */
    abstract void multiply(VectorBlock block, int[] chosen, int count, Candidates[] candidates);

    private float threshold(int q, double tau) {
      if (taus[q] != tau) { // NaN, at first, is no number's equal
        taus[q] = tau;
        thresholds[q] = floats.threshold(pass.queries[q], tau);
      }
      return thresholds[q];
    }

    /**
     * Offers the rows that the query's threshold keeps.
     *
     * @param dots products with {@code count} rows, from {@code at} on
     * @param from of these the first's place in {@code chosen}
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

  /** Few queries: each is multiplied with the rows where they lie. */
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

  /** The same over 16-bit floats, for loops that multiply them where they lie. */
  private final class HalfScanner extends RowScanner {
    private final HalfKernel loops;
    private final MemorySegment query;
    private final MemorySegment products;
    private final float[] dots;

    /**
     * Rows that do not lie side by side are copied here, side by side; NULL until there are any.
     */
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

  /** Many queries: rows are packed into panels, which tiles of queries are multiplied with. */
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

    /** Rows past {@code count} keep what was there: their products are never looked at. */
    private void packPanel(VectorBlock block, int[] chosen, int at, int count) {
      for (int r = 0; r < count; r++) {
        block.decodeRow(chosen[at + r], decoded, r * d);
      }
      kernel.pack(decoded, count, d, panels, at * d);
    }
  }
}
