package dev.kith.core.quant;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.kernel.CodeBlocks;
import dev.kith.core.kernel.TableQuery;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Product codes of all rows, in {@link WalkSpace} without its random rotation; see {@link
 * ProductCoder} for what they are. Immutable; safe for many threads.
 *
 * <pre>
 * offset   size      field of the body; all little-endian
 * 0        s         the space, {@link WalkSpace#write}
 * s        4         int32: 1 if a rotation was fitted, else 0
 * s + 4    4         float32: the spread of what codes lost, see {@link Query}
 * s + 8    4 r       the rotation, {@code [d][d]} float32: r = d * d, or 0 without
 * ...      4 k d     centres, part after part: {@code [width][k]} float32, k = 16 or 256
 * ...      4 c d     centres of the {@link Cells}, rotated if there is a rotation, {@code [c][d]}
 * ...      0 to 63   zeros, up to a multiple of 64
 * ...      ...       {@link CodeBlocks} of all rows in their order
 * </pre>
 */
public final class ProductCodes implements BlockCodes {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private static final int LINE = 64;

  /** Points of the sample a centre, and the most points. */
  private static final int POINTS = 256;

  private static final int MOST_POINTS = 65_536;

  /** Rows whose codes' losses are looked at, at most. */
  private static final int LOSSES = 4096;

  /** Fewest points of the sample, where there are enough rows. */
  private static final int FEWEST = 16_384;

  /**
   * What is to be made.
   *
   * @param parts that are coded, 1 to the dimension
   * @param bits a part, 4 or 8
   * @param fitted whether a rotation is fitted, and kept if it lowers the error of rows that it was
   *     not fitted to
   * @param terms whether 12 bytes a row bound what its code lost
   * @param seed of the sample and of the first centres
   */
  public record Plan(int parts, int bits, boolean fitted, boolean terms, long seed) {}

  private final WalkSpace space;
  private final ProductCoder coder;
  private final Cells cells;
  private final long size;
  private final MemorySegment body;
  private final MemorySegment centres;
  private final CodeBlocks blocks;

  /** Deviation of the product of a difference and a loss, in units of a random direction's. */
  private final float spread;

  /** Mean of the lengths of what some rows' codes lost. */
  private final double usualLoss;

  private ProductCodes(
      WalkSpace space,
      ProductCoder coder,
      boolean terms,
      Cells cells,
      MemorySegment centres,
      long size,
      MemorySegment body,
      CodeBlocks blocks) {
    this.space = space;
    this.coder = coder;
    this.cells = cells;
    this.centres = centres;
    this.size = size;
    this.body = body;
    this.blocks = blocks;
    this.spread = body.get(FLOAT, space.bytes() + 4);
    this.usualLoss = terms ? usualLoss() : 0;
  }

  private double usualLoss() {
    long some = Math.min(size, LOSSES);
    double sum = 0;
    for (long i = 0; i < some; i++) {
      sum += blocks.term(i * size / some, 1, CodeBlocks.Term.ERROR) / 2;
    }
    return some == 0 ? 0 : sum / some;
  }

  private static long centresAt(WalkSpace space, boolean rotated) {
    long d = space.dimension();
    return space.bytes() + 8 + (rotated ? 4 * d * d : 0);
  }

  private static long cellsAt(WalkSpace space, int bits, boolean rotated) {
    return centresAt(space, rotated) + (4L << bits) * space.dimension();
  }

  private static long blocksAt(WalkSpace space, int bits, boolean rotated, Cells cells) {
    long end = cellsAt(space, bits, rotated) + cells.bytes(space.dimension());
    return (end + LINE - 1) / LINE * LINE;
  }

  /**
   * Fits centres to a sample of the rows, and codes all rows. The result depends on the rows and
   * the plan alone, whatever the number of threads.
   *
   * @throws VectorDataException if a row is not finite
   */
  public static ProductCodes encode(
      VectorSource rows, Metric metric, Plan plan, BuildOptions options) {
    return encode(rows, metric, plan, Cells.NONE, options);
  }

  /**
   * Fits centres to a sample of what rows lack of the centres of their cells, and codes that of all
   * rows. The result depends on the rows, the plan and the cells alone, whatever the number of
   * threads.
   *
   * @throws VectorDataException if a row is not finite
   */
  public static ProductCodes encode(
      VectorSource rows, Metric metric, Plan plan, Cells cells, BuildOptions options) {
    if (cells.count() > 0 && !plan.terms()) {
      throw new IllegalArgumentException("product codes about the centres of cells need terms");
    }
    var space = WalkSpace.fit(rows, metric, 0);
    ProductCoder.require(space.dimension(), plan.parts(), plan.bits());
    try (var arena = Arena.ofShared()) {
      var means = arena.allocate(cells.bytes(space.dimension()), LINE);
      cells.measure(rows, space, means, options);
      int most = Math.max(FEWEST, Math.min(MOST_POINTS, POINTS << plan.bits()));
      var sample = Sample.draw(rows, space, cells, means, most, plan.seed(), arena, options);
      var coder =
          plan.fitted()
              ? RotationFit.fit(sample, plan, options)
              : ProductCoder.fit(sample, plan.parts(), plan.bits(), plan.seed(), null, options);
      cells.rotate(means, coder);
      var shape = coder.shape(plan.terms());
      long at = blocksAt(space, plan.bits(), coder.isRotated(), cells);
      var body = options.arena().allocate(at + shape.bytes(rows.size()), LINE);
      space.write(body);
      write(coder, body.asSlice(space.bytes()));
      var centres =
          body.asSlice(cellsAt(space, plan.bits(), coder.isRotated()), means.byteSize())
              .copyFrom(means);
      var blocks = CodeBlocks.over(body.asSlice(at), shape);
      BlockCoding.encode(blocks, rows.size(), options, rows(rows, space, coder, cells, centres));
      float spread = plan.terms() ? spread(rows, space, coder, cells, centres, blocks) : 0;
      body.set(FLOAT, space.bytes() + 4, spread);
      return new ProductCodes(
          space, coder, plan.terms(), cells, centres, rows.size(), body, blocks);
    }
  }

  /**
   * Measures how far the product of what a row's code lost and the difference of another row of its
   * cell from the code is from zero, as a part of the product of their lengths: the root of the
   * mean square, in units of what it would be in a random direction.
   */
  private static float spread(
      VectorSource rows,
      WalkSpace space,
      ProductCoder coder,
      Cells cells,
      MemorySegment centres,
      CodeBlocks blocks) {
    int d = coder.dimension();
    var reader = cells.new Reader(centres, d);
    var near = new float[d];
    var row = new float[d];
    var mapped = new float[d];
    var code = new float[d];
    double sum = 0;
    int count = 0;
    long some = Math.min(rows.size(), LOSSES);
    for (long i = 0; i < some; i++) {
      long number = i * rows.size() / some;
      space.row(rows, number, mapped);
      coder.rotate(mapped, row);
      space.row(rows, cells.other(number, rows.size()), mapped);
      coder.rotate(mapped, near);
      coder.decode(blocks, number, code);
      var centre = reader.at(number);
      double product = 0;
      double lost = 0;
      double apart = 0;
      for (int j = 0; j < d; j++) {
        double whole = centre == null ? code[j] : code[j] + (double) centre[j];
        double error = row[j] - whole;
        double difference = near[j] - whole;
        product += error * difference;
        lost += error * error;
        apart += difference * difference;
      }
      if (lost > 0 && apart > 0 && product * product < lost * apart / 4) { // another, and bounded
        sum += product * product / (lost * apart);
        count++;
      }
    }
    return count == 0 ? 1 : (float) Math.sqrt(sum / count * (d - 1));
  }

  /** Codes rows of a source, a strip at a time. */
  private static BlockCoding.Coder rows(
      VectorSource rows, WalkSpace space, ProductCoder coder, Cells cells, MemorySegment centres) {
    return (first, end, target, less) -> {
      var work = coder.work();
      int d = space.dimension();
      var one = new float[d];
      var values = new float[work.rows() * d];
      var about = cells.count() == 0 ? null : new float[values.length];
      var reader = cells.new Reader(centres, d);
      for (long from = first; from < end; from += work.rows()) {
        int some = (int) Math.min(work.rows(), end - from);
        for (int r = 0; r < some; r++) {
          space.row(rows, from + r, one);
          System.arraycopy(one, 0, values, r * d, d);
          var centre = reader.at(from + r);
          if (about != null && centre != null) {
            System.arraycopy(centre, 0, about, r * d, d);
          }
        }
        work.encode(values, about, some, target, from - less);
      }
    };
  }

  private static void write(ProductCoder coder, MemorySegment target) {
    var rotation = coder.rotation();
    target.set(INT, 0, rotation == null ? 0 : 1);
    long at = 8;
    if (rotation != null) {
      MemorySegment.copy(rotation.matrix(), 0, target, FLOAT, at, rotation.matrix().length);
      at += 4L * rotation.matrix().length;
    }
    for (int part = 0; part < coder.parts(); part++) {
      var book = coder.book(part);
      for (int i = 0; i < book.width(); i++) {
        for (int cell = 0; cell < book.cells(); cell++, at += 4) {
          target.set(FLOAT, at, book.get(cell, i));
        }
      }
    }
  }

  /**
   * Opens codes that {@link #encode} made of rows of {@code given} elements by {@code plan},
   * without cells.
   *
   * @param body as {@link #body} gives it
   * @throws VectorDataException if it has not the length that the rows need
   */
  public static ProductCodes open(
      MemorySegment body, Metric metric, Plan plan, int given, long size) {
    return open(body, metric, plan, given, size, Cells.NONE);
  }

  /**
   * Opens codes that {@link #encode} made of rows of {@code given} elements by {@code plan}.
   *
   * @param body as {@link #body} gives it
   * @throws VectorDataException if it has not the length that the rows need
   */
  public static ProductCodes open(
      MemorySegment body, Metric metric, Plan plan, int given, long size, Cells cells) {
    long least = WalkSpace.bytes(metric, given) + 8;
    if (body.byteSize() < least) {
      throw wrongLength(body, given, size, least);
    }
    var space = WalkSpace.read(body, metric, given);
    int d = space.dimension();
    ProductCoder.require(d, plan.parts(), plan.bits());
    int rotated = body.get(INT, space.bytes());
    boolean isRotated = rotated == 1;
    var shape = ProductCoder.shape(plan.parts(), plan.bits(), plan.terms());
    long blocksAt = blocksAt(space, plan.bits(), isRotated, cells);
    long bytes = blocksAt + shape.bytes(size);
    if (body.byteSize() != bytes) {
      throw wrongLength(body, given, size, bytes);
    }
    @Nullable DenseRotation rotation = null;
    if (isRotated) {
      var matrix = new float[d * d];
      MemorySegment.copy(body, FLOAT, space.bytes() + 8, matrix, 0, matrix.length);
      rotation = new DenseRotation(d, matrix);
    }
    var books = new Codebook[plan.parts()];
    long at = centresAt(space, isRotated);
    for (int part = 0; part < books.length; part++) {
      int width =
          ProductCoder.start(d, books.length, part + 1) - ProductCoder.start(d, books.length, part);
      books[part] = new Codebook(width, 1 << plan.bits());
      for (int i = 0; i < width; i++) {
        for (int cell = 0; cell < 1 << plan.bits(); cell++, at += 4) {
          books[part].set(cell, i, body.get(FLOAT, at));
        }
      }
      books[part].measure();
    }
    var coder = new ProductCoder(d, plan.bits(), books, rotation);
    return new ProductCodes(
        space,
        coder,
        plan.terms(),
        cells,
        body.asSlice(at, cells.bytes(d)),
        size,
        body,
        CodeBlocks.over(body.asSlice(blocksAt), shape));
  }

  private static VectorDataException wrongLength(
      MemorySegment body, int given, long size, long bytes) {
    return new VectorDataException(
        "product codes must be as long as their rows need: rows=%d, dimension=%d, expected=%d bytes, found=%d; build them again"
            .formatted(size, given, bytes, body.byteSize()));
  }

  @Override
  public long firstDifference(VectorSource rows) {
    return BlockCoding.firstDifference(blocks, size, rows(rows, space, coder, cells, centres));
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
  public ProductCoder coder() {
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
    if (blocks.shape().terms() == 0) {
      return Float.POSITIVE_INFINITY;
    }
    return blocks.term(row, 1, CodeBlocks.Term.SLOPE) == 0
        ? Float.POSITIVE_INFINITY
        : blocks.term(row, 1, CodeBlocks.Term.ERROR) / 2;
  }

  @Override
  public BlockQuery query() {
    return new Query();
  }

  /**
   * A query of cells. What a code lost is in no random direction: a probable bound is a guess then,
   * that neighbours are about as far as the centre of the nearest cell.
   */
  final class Query implements BlockQuery {
    private final ProductQuery query = new ProductQuery(coder, blocks.shape().terms() > 0);
    private final float[] centre = new float[coder.dimension()];
    private double distance;
    private Bound bound = Bound.CERTAIN;

    @Override
    public void set(float[] given) {
      query.set(given);
    }

    @Override
    public void share(BlockQuery other) {
      var that = (Query) other;
      query.share(that.query);
      distance = that.distance;
    }

    @Override
    public void near(int cell) {
      distance = Math.sqrt(toCentre(cell));
    }

    private double toCentre(int cell) {
      if (cells.count() > 0) {
        Cells.centre(centres, cell, centre);
      }
      return BlockQuery.squaredDistance(query.rotated(), centre);
    }

    @Override
    public void about(int cell, int planes, Bound newBound) {
      bound = newBound;
      if (cells.count() > 0) {
        Cells.centre(centres, cell, centre);
        double product = 0;
        double square = 0;
        var values = query.rotated();
        for (int i = 0; i < centre.length; i++) {
          product += (double) values[i] * centre[i];
          square += (double) centre[i] * centre[i];
        }
        query.about(product, Math.sqrt(square));
      }
    }

    @Override
    public void threshold(double squared) {
      switch (bound) {
        case Bound.Certain _ -> query.threshold(squared);
        case Bound.Probable _ ->
            query.thresholdWithin(
                squared, spread * bound.weight(coder.dimension()) * distance - usualLoss);
      }
    }

    @Override
    public double lower(float found) {
      return bound instanceof Bound.Certain ? Double.NEGATIVE_INFINITY : query.lower(found);
    }

    @Override
    public boolean bounded() {
      return query.bounded();
    }

    @Override
    @SuppressWarnings("exports")
    public TableQuery tables() {
      return query.tables();
    }
  }
}
