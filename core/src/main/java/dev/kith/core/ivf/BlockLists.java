package dev.kith.core.ivf;

import dev.kith.core.exact.Candidates;
import dev.kith.core.kernel.BlockHits;
import dev.kith.core.kernel.CodeBlocks;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.TableKernel;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.BlockCodes;
import dev.kith.core.quant.BlockQuery;
import dev.kith.core.quant.Bound;
import dev.kith.core.quant.Cells;
import dev.kith.core.quant.ProductCodes;
import dev.kith.core.quant.RotatedCodes;
import dev.kith.core.quant.WalkSpace;
import dev.kith.core.spec.ListSpec;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Rotated or product codes of lists, about the lists' centres, in blocks of 32 rows. */
final class BlockLists implements ListCodes {
  /*
   * Implementation notes
   *
   * The codes are those of ListedRows, a list beginning with a block of its own; what fills up a
   * list's last block is coded as a copy of its last row and never looked at. They are of what rows
   * lack of their list's centre, with terms that let the tables of a query serve all lists: what a
   * list needs of its own is the distance of its centre, computed when it is read.
   *
   * Checks. Codes of few bits give a lower bound and no useful upper one, so that rows are not
   * gathered until the end, as those of int8 codes are: what the bound leaves of a stretch is
   * checked by canonical keys at once, the lowest bounds first and a few at a time, for each batch
   * may lower tau below the bounds of all others. This is the re-ranking of RaBitQ [1]; a number of
   * rows to re-rank is no parameter.
   *
   * A bound that is no more than probable may be above a row's key. The row is then ranked by the
   * bound (Candidates): the k first rows by max(key, bound) do not depend on the order in which
   * rows are met, on threads or on batches, for a row is left out only if its bound is above the
   * k-th of those, and a nearer row is missed only if its own bound fails.
   *
   * Planes. Of codes of several bits the first plane is scanned with a bound of its own, and all
   * planes of the blocks in which it leaves rows. A row's bound is the higher of the two.
   *
   * [1] J. Gao, C. Long: RaBitQ, SIGMOD 2024, arXiv 2405.12497
   */

  /** Number of rotated codes in files. */
  static final int ROTATED = 2;

  /** Number of product codes in files. */
  static final int PRODUCT = 3;

  /** Rows of a stretch that is scanned before there is a threshold. */
  private static final int FIRST = 8 * CodeBlocks.ROWS;

  /** Most rows of a stretch. */
  private static final int MOST = 128 * CodeBlocks.ROWS;

  /** Rows that are checked together once {@code k} are known. */
  private static final int BATCH = 4;

  private final BlockCodes codes;
  private final VectorSource listed;
  private final ListSpec.Codes kind;
  private final ListOrder order;
  private final long[] positions;

  private BlockLists(
      BlockCodes codes,
      VectorSource listed,
      ListSpec.Codes kind,
      ListOrder order,
      long[] positions) {
    this.codes = codes;
    this.listed = listed;
    this.kind = kind;
    this.order = order;
    this.positions = positions;
  }

  private static Cells cells(ListOrder order, long[] positions) {
    var sizes = new int[order.lists()];
    Arrays.setAll(sizes, order::size);
    return new Cells(positions, sizes);
  }

  private static ProductCodes.Plan plan(ListSpec spec) {
    var kind = spec.codes();
    return new ProductCodes.Plan(kind.parts(), kind.bits(), kind.fitted(), true, spec.seed());
  }

  /** Codes all rows. */
  static BlockLists encode(
      VectorSource rows, Metric metric, ListSpec spec, ListOrder order, BuildOptions options) {
    var positions = order.positions(CodeBlocks.ROWS);
    var listed = new ListedRows(rows, order, positions);
    var cells = cells(order, positions);
    var kind = spec.codes();
    var codes =
        kind.parts() == 0
            ? RotatedCodes.encode(listed, metric, kind.bits(), spec.seed(), cells, options)
            : ProductCodes.encode(listed, metric, plan(spec), cells, options);
    return new BlockLists(codes, listed, kind, order, positions);
  }

  /**
   * Opens codes that were stored, in place.
   *
   * @throws VectorDataException if they have not the length that the rows need
   */
  static BlockLists over(
      MemorySegment body, VectorSource rows, Metric metric, ListSpec spec, ListOrder order) {
    var positions = order.positions(CodeBlocks.ROWS);
    var listed = new ListedRows(rows, order, positions);
    var cells = cells(order, positions);
    var kind = spec.codes();
    int d = rows.dimension();
    var codes =
        kind.parts() == 0
            ? RotatedCodes.open(body, kind.bits(), metric, d, listed.size(), cells)
            : ProductCodes.open(body, metric, plan(spec), d, listed.size(), cells);
    return new BlockLists(codes, listed, kind, order, positions);
  }

  @Override
  public int kind() {
    return kind.parts() == 0 ? ROTATED : PRODUCT;
  }

  @Override
  public MemorySegment body() {
    return codes.body().asReadOnly();
  }

  @Override
  public long[] positions() {
    return positions;
  }

  @Override
  public long firstDifference() {
    return codes.firstDifference(listed);
  }

  @Override
  public Sieve sieve(Kernels kernels) {
    return new Blocks(kernels.tables());
  }

  private final class Blocks implements Sieve {
    private final TableKernel kernel;

    Blocks(TableKernel kernel) {
      this.kernel = kernel;
    }

    @Override
    public String bound() {
      return kind.toString();
    }

    @Override
    public long bytes() {
      var shape = codes.blocks().shape();
      return 6L * shape.groups() * shape.entries() + 16L * listed.dimension();
    }

    @Override
    public boolean proves() {
      return kind.parts() == 0 && kind.bits() >= PROVING_BITS;
    }

    @Override
    public boolean random() {
      return kind.parts() == 0;
    }

    @Override
    public int bounds() {
      return codes.blocks().shape().planes() == 1 ? 1 : 2;
    }

    @Override
    public int dimension() {
      return codes.space().dimension();
    }

    @Override
    public Pass pass(int count) {
      return new Queries(kernel, count);
    }
  }

  /** Fewest bits whose certain bound excludes enough for a search to be worth its while. */
  private static final int PROVING_BITS = 5;

  /** Queries with their tables. */
  private final class Queries implements Pass {
    final TableKernel kernel;
    final float[][] originals;
    final float[][] mapped;
    final BlockQuery[] prepared;
    Bound bound = Bound.CERTAIN;

    /** Number of starts, so that scanners know what they shared before. */
    int starts;

    Queries(TableKernel kernel, int count) {
      this.kernel = kernel;
      this.originals = new float[count][listed.dimension()];
      this.mapped = new float[count][codes.space().dimension()];
      this.prepared = new BlockQuery[count];
      Arrays.setAll(prepared, _ -> codes.query());
    }

    @Override
    public void start(VectorSource queries, Bound newBound) {
      bound = newBound;
      starts++;
      for (int q = 0; q < originals.length; q++) {
        queries.block(q, 1).decodeRow(0, originals[q], 0);
      }
    }

    @Override
    public void aim(int q, int nearest) {
      codes.space().query(originals[q], mapped[q]);
      prepared[q].set(mapped[q]);
      prepared[q].near(nearest);
    }

    @Override
    public float[] query(int q) {
      return originals[q];
    }

    @Override
    public boolean bounded(int q) {
      return codes.space().bounds(originals[q]);
    }

    @Override
    public Scanner scanner() {
      return new BlockScanner(this);
    }
  }

  private final class BlockScanner implements Scanner {
    private final Queries pass;
    private final WalkSpace space = codes.space();
    private final CodeBlocks blocks = codes.blocks();
    private final int planes = blocks.shape().planes();
    private final BlockQuery lens = codes.query();
    private final BlockHits hits = new BlockHits(MOST);
    private final @Nullable BlockHits first = planes == 1 ? null : new BlockHits(MOST);

    /** Hits in the order of their bounds: the bound in the upper half, in an int of its order. */
    private final long[] ranked = new long[MOST];

    /** Bounds of the rows of {@link #ranked}, by their number in the stretch. */
    private final double[] lowers = new double[MOST];

    private final int[] rows = new int[MOST];
    private final double[] bounds = new double[MOST];
    private int shared = -1;
    private int starts = -1;

    BlockScanner(Queries pass) {
      this.pass = pass;
    }

    @Override
    public void scan(
        int from,
        int end,
        int[] queries,
        int count,
        MemorySegment allowed,
        Candidates[] candidates) {
      for (int list = from; list < end; list++) {
        for (int i = 0; i < count; i++) {
          int q = queries[i];
          if (shared != q || starts != pass.starts) {
            lens.share(pass.prepared[q]);
            shared = q;
            starts = pass.starts;
          }
          scan(list, q, allowed, candidates[q]);
        }
      }
    }

    private void scan(int list, int q, MemorySegment allowed, Candidates found) {
      int size = order.size(list);
      int step;
      for (int at = 0; at < size && !found.gaveUp(); at += step) {
        double tau = found.tau();
        boolean open = tau == Double.POSITIVE_INFINITY;
        step = Math.min(open ? FIRST : MOST, size - at);
        long block = (positions[list] + at) / CodeBlocks.ROWS;
        double distance = open ? tau : space.distanceOf(tau, pass.originals[q]);
        int n =
            first == null
                ? whole(list, q, block, step, distance, allowed)
                : byPlanes(list, q, block, step, distance, allowed, first);
        check(list, at, n, found);
      }
    }

    /** Scans all planes; returns the number of rows that are kept. */
    private int whole(
        int list, int q, long block, int count, double distance, MemorySegment allowed) {
      lens.about(list, planes, pass.bound);
      lens.threshold(distance);
      int n = pass.kernel.scan(blocks, block, count, planes, lens.tables(), allowed, hits);
      for (int i = 0; i < n; i++) {
        put(i, hits.row(i), space.keyOf(lens.lower(hits.bound(i)), pass.originals[q]));
      }
      return n;
    }

    /** Scans the first plane, and then all planes of the blocks in which it leaves rows. */
    private int byPlanes(
        int list,
        int q,
        long block,
        int count,
        double distance,
        MemorySegment allowed,
        BlockHits some) {
      lens.about(list, 1, pass.bound);
      lens.threshold(distance);
      int left = pass.kernel.scan(blocks, block, count, 1, lens.tables(), allowed, some);
      if (left == 0) {
        return 0;
      }
      for (int i = 0; i < left; i++) {
        lowers[some.row(i)] = lens.lower(some.bound(i));
      }
      lens.about(list, planes, pass.bound);
      lens.threshold(distance);
      int n = 0;
      for (int i = 0; i < left; ) {
        int from = some.row(i) / CodeBlocks.ROWS;
        int to = from + 1;
        int next = i + 1;
        while (next < left && some.row(next) / CodeBlocks.ROWS <= to) {
          to = some.row(next++) / CodeBlocks.ROWS + 1;
        }
        int start = from * CodeBlocks.ROWS;
        int length = Math.min(to * CodeBlocks.ROWS, count) - start;
        int kept =
            pass.kernel.scan(blocks, block + from, length, planes, lens.tables(), allowed, hits);
        int known = i;
        for (int h = 0; h < kept; h++) {
          int row = start + hits.row(h);
          while (known < next && some.row(known) < row) {
            known++;
          }
          if (known < next && some.row(known) == row) {
            double lower = Math.max(lowers[row], lens.lower(hits.bound(h)));
            put(n++, row, space.keyOf(lower, pass.originals[q]));
          }
        }
        i = next;
      }
      return n;
    }

    private void put(int i, int row, double key) {
      lowers[row] = key;
      int bits = Float.floatToRawIntBits((float) key + 0f);
      ranked[i] = (long) (bits ^ (bits >> 31 & Integer.MAX_VALUE)) << 32 | row;
    }

    /** Checks the first {@code n} of {@link #ranked}, the lowest bounds first. */
    private void check(int list, int at, int n, Candidates found) {
      if (n > 1) {
        Arrays.sort(ranked, 0, n);
      }
      boolean proved = pass.bound instanceof Bound.Certain;
      int place = order.first(list) + at;
      for (int i = 0; i < n && !found.gaveUp(); ) {
        double tau = found.tau();
        int most = tau == Double.POSITIVE_INFINITY ? Math.max(found.wanted(), BATCH) : BATCH;
        int count = 0;
        for (; i < n && count < most; i++) {
          int row = (int) ranked[i];
          if (lowers[row] <= tau) {
            rows[count] = order.row(place + row);
            bounds[count++] = lowers[row];
          }
        }
        if (count > 0) {
          found.check(rows, bounds, count, proved);
        }
      }
    }
  }
}
