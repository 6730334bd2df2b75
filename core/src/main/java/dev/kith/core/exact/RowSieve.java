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

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Squared norms of rows and what their copies lost. */
  private interface Terms {
    void read(long first, int count, float[] norms, float[] residuals);
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
        kernels, "float32", rows, metric, (first, n, x, _) -> norms.read(first, n, x), norms);
  }

  /** By their 16-bit copies. */
  static RowSieve of(Kernels kernels, HalfShadow shadow) {
    return new RowSieve(
        kernels, shadow.quantizer().name(), shadow.codes(), shadow.metric(), shadow::terms, null);
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

    private final int blockRows;

    RowPass(int count) {
      int d = rows.dimension();
      this.queries = new FloatBound.Query[count];
      this.tiled = count >= TILE_FROM;
      int width = kernel.tileQueries();
      this.packed = new float[tiled ? (count + width - 1) / width * width * d : 0];
      // A block is read once from memory and then from the L2 cache by every other query.
      int blockBytes = count == 1 ? 1 << 22 : tiled ? 1 << 19 : 1 << 18;
      this.blockRows = STEP * Math.clamp(blockBytes / (4L * d * STEP), 1, 16);
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
      return blockRows;
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

  /** What one worker needs to scan a block: {@code [>= blockRows]} each. */
  private abstract class RowScanner implements Scanner {
    final RowPass pass;
    final float[] norms;
    final float[] residuals;
    final float[] mul;
    final float[] add;
    final float[] slack;
    final int[] kept;

    /** The last {@code tau} of each query, and the threshold that follows from it. */
    private final double[] taus;

    private final float[] thresholds;
    private int starts;

    RowScanner(RowPass pass) {
      this.pass = pass;
      int size = pass.blockRows;
      this.norms = new float[size];
      this.residuals = new float[size];
      this.mul = new float[size];
      this.add = new float[size];
      this.slack = new float[size];
      this.kept = new int[size];
      this.taus = new double[pass.queries.length];
      this.thresholds = new float[pass.queries.length];
    }

    final void readRowTerms(long first, int count) {
      if (starts != pass.starts) {
        starts = pass.starts;
        Arrays.fill(taus, Double.NaN);
      }
      terms.read(first, count, norms, residuals);
      floats.rowTerms(norms, residuals, count, mul, add, slack);
    }

    private float threshold(int q, double tau) {
      if (taus[q] != tau) { // NaN, at first, is no number's equal
        taus[q] = tau;
        thresholds[q] = floats.threshold(pass.queries[q], tau);
      }
      return thresholds[q];
    }

    /** Offers the rows of a block that the query's threshold keeps. */
    final void select(
        int q, Candidates candidates, float[] dots, int at, long first, int block, int count) {
      if (candidates.gaveUp()) {
        return;
      }
      var query = pass.queries[q];
      float threshold = threshold(q, candidates.tau());
      float scale = floats.scale(query);
      int n = kernel.select(dots, at, block, count, mul, add, slack, scale, threshold, kept);
      for (int i = 0; i < n; i++) {
        int r = kept[i];
        long row = first + block + r;
        if (pass.filter == null || pass.filter.allows(row)) {
          float norm = norms[block + r];
          candidates.offer(
              row,
              floats.estimate(query, dots[at + r], norm),
              floats.error(query, norm, residuals[block + r]));
        }
      }
    }
  }

  /** Few queries: each is multiplied with the rows where they lie. */
  private final class DirectScanner extends RowScanner {
    private final long rowBytes = 4L * rows.dimension();
    private final boolean inPlace = rows.elementType() == ElementType.FLOAT32;
    private final MemorySegment decoded;
    private final float[] row = new float[rows.dimension()];
    private final float[] dots;

    DirectScanner(RowPass pass) {
      super(pass);
      this.dots = new float[pass.blockRows];
      this.decoded = Arena.ofAuto().allocate(inPlace ? 64 : pass.blockRows * rowBytes, 64);
    }

    @Override
    public void scan(long first, int count, Candidates[] candidates) {
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
      for (int q = 0; q < pass.queries.length; q++) {
        kernel.dots(pass.queries[q].scanned(), data, stride, count, dots);
        select(q, candidates[q], dots, 0, first, 0, count);
      }
    }
  }

  /** The same over 16-bit floats, for loops that multiply them where they lie. */
  private final class HalfScanner extends RowScanner {
    private final HalfKernel loops;
    private final MemorySegment query;
    private final MemorySegment products;
    private final float[] dots;

    HalfScanner(RowPass pass, HalfKernel loops) {
      super(pass);
      this.loops = loops;
      this.query = Arena.ofAuto().allocate(4L * rows.dimension(), 64);
      this.products = Arena.ofAuto().allocate(4L * pass.blockRows, 64);
      this.dots = new float[pass.blockRows];
    }

    @Override
    public void scan(long first, int count, Candidates[] candidates) {
      int d = rows.dimension();
      var block = rows.block(first, count);
      readRowTerms(first, count);
      for (int q = 0; q < pass.queries.length; q++) {
        MemorySegment.copy(pass.queries[q].scanned(), 0, query, FLOAT, 0, d);
        loops.dots(rows.elementType(), query, block.data(), block.stride(), count, d, products);
        MemorySegment.copy(products, FLOAT, 0, dots, 0, count);
        select(q, candidates[q], dots, 0, first, 0, count);
      }
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
      this.panels = new float[(pass.blockRows + panelRows - 1) / panelRows * panelRows * d];
    }

    @Override
    public void scan(long first, int count, Candidates[] candidates) {
      var block = rows.block(first, count);
      for (int at = 0; at < count; at += panelRows) {
        packPanel(block, at, Math.min(panelRows, count - at));
      }
      readRowTerms(first, count);
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
