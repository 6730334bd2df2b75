package dev.kith.core.quant;

import dev.kith.core.kernel.CodeBlocks;
import dev.kith.core.kernel.CodeBlocks.Term;
import dev.kith.core.kernel.TableQuery;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.MemorySegment;

/**
 * Rotated codes of all rows, 1 to 8 bits an element of {@link WalkSpace}, about its mean; see
 * {@link RotatedCoder} for what they are. Immutable; safe for many threads.
 *
 * <pre>
 * offset   size      field of the body
 * 0        s         the space, {@link WalkSpace#write}, with the rotation's seed
 * s        4 c d     centres of the {@link Cells}, rotated, {@code [cells][d]} float32
 * ...      0 to 63   zeros, up to a multiple of 64
 * ...      ...       {@link CodeBlocks} of all rows in their order
 * </pre>
 */
public final class RotatedCodes implements BlockCodes {
  private static final int LINE = 64;

  private final WalkSpace space;
  private final RotatedCoder coder;
  private final Cells cells;
  private final long size;
  private final MemorySegment body;
  private final MemorySegment centres;
  private final CodeBlocks blocks;

  private RotatedCodes(WalkSpace space, int bits, Cells cells, long size, MemorySegment body) {
    this.space = space;
    this.coder = new RotatedCoder(space.dimension(), bits);
    this.cells = cells;
    this.size = size;
    this.body = body;
    this.centres = body.asSlice(space.bytes(), cells.bytes(space.dimension()));
    long at = blocksAt(space.bytes() + centres.byteSize());
    this.blocks = CodeBlocks.over(body.asSlice(at, coder.shape().bytes(size)), coder.shape());
  }

  private static long blocksAt(long before) {
    return (before + LINE - 1) / LINE * LINE;
  }

  /** Bytes of the codes of {@code size} rows of {@code given} elements, without cells. */
  public static long bytes(int bits, Metric metric, int given, long size) {
    return bytes(bits, metric, given, size, Cells.NONE);
  }

  /** Bytes of the codes of {@code size} rows of {@code given} elements. */
  public static long bytes(int bits, Metric metric, int given, long size, Cells cells) {
    int dimension = metric == Metric.DOT ? given + 1 : given;
    return blocksAt(WalkSpace.bytes(metric, given) + cells.bytes(dimension))
        + new RotatedCoder(dimension, bits).shape().bytes(size);
  }

  /**
   * Codes rows, about their mean.
   *
   * @param bits 1 to 8
   * @param seed of the rotation, not 0
   * @throws VectorDataException if a row is not finite
   */
  public static RotatedCodes encode(
      VectorSource rows, Metric metric, int bits, long seed, BuildOptions options) {
    return encode(rows, metric, bits, seed, Cells.NONE, options);
  }

  /**
   * Codes rows, each about the centre of its cell.
   *
   * @param bits 1 to 8
   * @param seed of the rotation, not 0
   * @throws VectorDataException if a row is not finite
   */
  public static RotatedCodes encode(
      VectorSource rows, Metric metric, int bits, long seed, Cells cells, BuildOptions options) {
    if (seed == 0) {
      throw new IllegalArgumentException("rotated codes need a rotation: its seed must not be 0");
    }
    var space = WalkSpace.fit(rows, metric, seed);
    long bytes = bytes(bits, metric, rows.dimension(), rows.size(), cells);
    var body = options.arena().allocate(bytes, LINE);
    space.write(body);
    var coded = new RotatedCodes(space, bits, cells, rows.size(), body);
    cells.measure(rows, space, coded.centres, options);
    BlockCoding.encode(coded.blocks, rows.size(), options, coded.rows(rows));
    return coded;
  }

  /** Codes rows of a source. */
  private BlockCoding.Coder rows(VectorSource rows) {
    return (first, end, target, less) -> {
      var work = coder.work();
      var values = new float[space.dimension()];
      var reader = cells.new Reader(centres, values.length);
      for (long row = first; row < end; row++) {
        space.row(rows, row, values);
        work.encode(values, reader.at(row), target, row - less);
      }
    };
  }

  /**
   * Opens codes that {@link #encode} made of rows of {@code given} elements, without cells.
   *
   * @param body as {@link #body} gives it
   * @throws VectorDataException if it has not the length that the rows need
   */
  public static RotatedCodes open(
      MemorySegment body, int bits, Metric metric, int given, long size) {
    return open(body, bits, metric, given, size, Cells.NONE);
  }

  /**
   * Opens codes that {@link #encode} made of rows of {@code given} elements.
   *
   * @param body as {@link #body} gives it
   * @throws VectorDataException if it has not the length that the rows need
   */
  public static RotatedCodes open(
      MemorySegment body, int bits, Metric metric, int given, long size, Cells cells) {
    long bytes = bytes(bits, metric, given, size, cells);
    if (body.byteSize() != bytes) {
      throw new VectorDataException(
          "rotated codes must be as long as their rows need: rows=%d, dimension=%d, bits=%d, expected=%d bytes, found=%d; build them again"
              .formatted(size, given, bits, bytes, body.byteSize()));
    }
    return new RotatedCodes(WalkSpace.read(body, metric, given), bits, cells, size, body);
  }

  @Override
  public long firstDifference(VectorSource rows) {
    return BlockCoding.firstDifference(blocks, size, rows(rows));
  }

  /** Number of rows. */
  public long size() {
    return size;
  }

  @Override
  public WalkSpace space() {
    return space;
  }

  /** What codes rows, and decodes them. */
  public RotatedCoder coder() {
    return coder;
  }

  @Override
  @SuppressWarnings("exports") // only Kith's own modules bring loops
  public CodeBlocks blocks() {
    return blocks;
  }

  @Override
  public MemorySegment body() {
    return body;
  }

  /** Upper bound of the length of what a row's code lost; infinite if it is not bounded. */
  public float residual(long row) {
    return blocks.term(row, coder.bits(), Term.BASE) == Float.NEGATIVE_INFINITY
        ? Float.POSITIVE_INFINITY
        : blocks.term(row, coder.bits(), Term.ERROR) / 2;
  }

  @Override
  public BlockQuery query() {
    return new Query();
  }

  /** A query of cells: the tables are one set for all of them, the bound is a cell's. */
  final class Query implements BlockQuery {
    private final RotatedQuery query = new RotatedQuery(coder);
    private float[] values = new float[space.dimension()];
    private final float[] own = values;
    private final float[] centre = new float[space.dimension()];
    private int known = -1;
    private double toCentre;

    @Override
    public void set(float[] given) {
      System.arraycopy(given, 0, own, 0, own.length);
      values = own;
      query.set(own);
      known = -1;
    }

    @Override
    public void share(BlockQuery other) {
      var that = (Query) other;
      values = that.values;
      query.share(that.query);
      known = -1;
    }

    @Override
    public void near(int cell) {} // bars are as wide as a query is far from a row's own cell

    @Override
    public void about(int cell, int planes, Bound bound) {
      if (cells.count() == 0) {
        toCentre = query.squares();
      } else if (cell != known) {
        Cells.centre(centres, cell, centre);
        toCentre = BlockQuery.squaredDistance(values, centre);
        known = cell;
      }
      query.about(toCentre, planes, bound);
    }

    @Override
    public void threshold(double distance) {
      query.threshold(distance);
    }

    @Override
    public double lower(float bound) {
      return query.lower(bound);
    }

    @Override
    public boolean bounded() {
      return query.squares() < RotatedCoder.HUGE;
    }

    @Override
    @SuppressWarnings("exports")
    public TableQuery tables() {
      return query.tables();
    }
  }
}
