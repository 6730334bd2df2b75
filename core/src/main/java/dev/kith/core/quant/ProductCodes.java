package dev.kith.core.quant;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.kernel.CodeBlocks;
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
 * s + 4    4 r       the rotation, {@code [d][d]} float32: r = d * d, or 0 without
 * ...      4 k d     centres, part after part: {@code [width][k]} float32, k = 16 or 256
 * ...      0 to 63   zeros, up to a multiple of 64
 * ...      ...       {@link CodeBlocks} of all rows in their order
 * </pre>
 */
public final class ProductCodes {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private static final int LINE = 64;

  /** Points of the sample a centre, and the most points. */
  private static final int POINTS = 256;

  private static final int MOST_POINTS = 65_536;

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
  private final long size;
  private final MemorySegment body;
  private final CodeBlocks blocks;

  private ProductCodes(
      WalkSpace space, ProductCoder coder, boolean terms, long size, MemorySegment body) {
    this.space = space;
    this.coder = coder;
    this.size = size;
    this.body = body;
    var shape = coder.shape(terms);
    long at = blocksAt(space, coder.bits(), coder.isRotated());
    this.blocks = CodeBlocks.over(body.asSlice(at, shape.bytes(size)), shape);
  }

  private static long centresAt(WalkSpace space, boolean rotated) {
    long d = space.dimension();
    return space.bytes() + 4 + (rotated ? 4 * d * d : 0);
  }

  private static long blocksAt(WalkSpace space, int bits, boolean rotated) {
    long end = centresAt(space, rotated) + (4L << bits) * space.dimension();
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
    var space = WalkSpace.fit(rows, metric, 0);
    ProductCoder.require(space.dimension(), plan.parts(), plan.bits());
    ProductCoder coder;
    try (var arena = Arena.ofShared()) {
      int most = Math.max(FEWEST, Math.min(MOST_POINTS, POINTS << plan.bits()));
      var sample = Sample.draw(rows, space, most, plan.seed(), arena, options);
      coder =
          plan.fitted()
              ? RotationFit.fit(sample, plan, options)
              : ProductCoder.fit(sample, plan.parts(), plan.bits(), plan.seed(), null, options);
    }
    var shape = coder.shape(plan.terms());
    long at = blocksAt(space, plan.bits(), coder.isRotated());
    var body = options.arena().allocate(at + shape.bytes(rows.size()), LINE);
    space.write(body);
    write(coder, body.asSlice(space.bytes()));
    var coded = new ProductCodes(space, coder, plan.terms(), rows.size(), body);
    BlockCoding.encode(coded.blocks, rows.size(), options, coded.rows(rows));
    return coded;
  }

  /** Codes rows of a source, a strip at a time. */
  private BlockCoding.Coder rows(VectorSource rows) {
    return (first, end, target, less) -> {
      var work = coder.work();
      int d = space.dimension();
      var one = new float[d];
      var values = new float[work.rows() * d];
      for (long from = first; from < end; from += work.rows()) {
        int some = (int) Math.min(work.rows(), end - from);
        for (int r = 0; r < some; r++) {
          space.row(rows, from + r, one);
          System.arraycopy(one, 0, values, r * d, d);
        }
        work.encode(values, some, target, from - less);
      }
    };
  }

  private static void write(ProductCoder coder, MemorySegment target) {
    var rotation = coder.rotation();
    target.set(INT, 0, rotation == null ? 0 : 1);
    long at = 4;
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
   * Opens codes that {@link #encode} made of rows of {@code given} elements by {@code plan}.
   *
   * @param body as {@link #body} gives it
   * @throws VectorDataException if it has not the length that the rows need
   */
  public static ProductCodes open(
      MemorySegment body, Metric metric, Plan plan, int given, long size) {
    var space = WalkSpace.read(body, metric, given);
    int d = space.dimension();
    ProductCoder.require(d, plan.parts(), plan.bits());
    int rotated = body.get(INT, space.bytes());
    @Nullable DenseRotation rotation = null;
    if (rotated == 1) {
      var matrix = new float[d * d];
      MemorySegment.copy(body, FLOAT, space.bytes() + 4, matrix, 0, matrix.length);
      rotation = new DenseRotation(d, matrix);
    }
    var books = new Codebook[plan.parts()];
    long at = centresAt(space, rotated == 1);
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
    long bytes = blocksAt(space, plan.bits(), rotated == 1) + coder.shape(plan.terms()).bytes(size);
    if (body.byteSize() != bytes) {
      throw new VectorDataException(
          "product codes must be as long as their rows need: rows=%d, dimension=%d, expected=%d bytes, found=%d; build them again"
              .formatted(size, given, bytes, body.byteSize()));
    }
    return new ProductCodes(space, coder, plan.terms(), size, body);
  }

  /**
   * Codes all rows again, on all cores, by the same centres, and compares.
   *
   * @return the first row of a block that differs, or -1
   * @throws VectorDataException if a row is not finite
   */
  public long firstDifference(VectorSource rows) {
    return BlockCoding.firstDifference(blocks, size, rows(rows));
  }

  /** Number of rows. */
  public long size() {
    return size;
  }

  /** Space that was coded. */
  public WalkSpace space() {
    return space;
  }

  /** What codes rows, and decodes them. */
  public ProductCoder coder() {
    return coder;
  }

  /** Codes of all rows. */
  @SuppressWarnings("exports") // only Kith's own modules bring loops
  public CodeBlocks blocks() {
    return blocks;
  }

  /** Space, centres and codes, as they are stored. */
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
}
