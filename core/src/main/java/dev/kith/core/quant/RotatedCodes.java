package dev.kith.core.quant;

import dev.kith.core.kernel.CodeBlocks;
import dev.kith.core.kernel.CodeBlocks.Term;
import dev.kith.core.metric.Metric;
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
 * s        0 to 63   zeros, up to a multiple of 64
 * ...      ...       {@link CodeBlocks} of all rows in their order
 * </pre>
 */
public final class RotatedCodes {
  private static final int LINE = 64;

  private final WalkSpace space;
  private final RotatedCoder coder;
  private final long size;
  private final MemorySegment body;
  private final CodeBlocks blocks;

  private RotatedCodes(WalkSpace space, int bits, long size, MemorySegment body) {
    this.space = space;
    this.coder = new RotatedCoder(space.dimension(), bits);
    this.size = size;
    this.body = body;
    long at = blocksAt(space.bytes());
    this.blocks = CodeBlocks.over(body.asSlice(at, coder.shape().bytes(size)), coder.shape());
  }

  private static long blocksAt(long spaceBytes) {
    return (spaceBytes + LINE - 1) / LINE * LINE;
  }

  /** Bytes of the codes of {@code size} rows of {@code given} elements. */
  public static long bytes(int bits, Metric metric, int given, long size) {
    int dimension = metric == Metric.DOT ? given + 1 : given;
    return blocksAt(WalkSpace.bytes(metric, given))
        + new RotatedCoder(dimension, bits).shape().bytes(size);
  }

  /**
   * Codes rows.
   *
   * @param bits 1 to 8
   * @param seed of the rotation, not 0
   * @throws dev.kith.core.vector.VectorDataException if a row is not finite
   */
  public static RotatedCodes encode(
      VectorSource rows, Metric metric, int bits, long seed, BuildOptions options) {
    if (seed == 0) {
      throw new IllegalArgumentException("rotated codes need a rotation: its seed must not be 0");
    }
    var space = WalkSpace.fit(rows, metric, seed);
    long bytes = bytes(bits, metric, rows.dimension(), rows.size());
    var body = options.arena().allocate(bytes, LINE);
    space.write(body);
    var coded = new RotatedCodes(space, bits, rows.size(), body);
    BlockCoding.encode(coded.blocks, rows.size(), options, coded.rows(rows));
    return coded;
  }

  /** Codes rows of a source. */
  private BlockCoding.Coder rows(VectorSource rows) {
    return (first, end, target, less) -> {
      var work = coder.work();
      var values = new float[space.dimension()];
      for (long row = first; row < end; row++) {
        space.row(rows, row, values);
        work.encode(values, null, target, row - less);
      }
    };
  }

  /**
   * Opens codes that {@link #encode} made of rows of {@code given} elements.
   *
   * @param body as {@link #body} gives it
   */
  public static RotatedCodes open(
      MemorySegment body, int bits, Metric metric, int given, long size) {
    return new RotatedCodes(WalkSpace.read(body, metric, given), bits, size, body);
  }

  /**
   * Codes all rows again, on all cores, and compares.
   *
   * @return the first row of a block that differs, or -1
   * @throws dev.kith.core.vector.VectorDataException if a row is not finite
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
  public RotatedCoder coder() {
    return coder;
  }

  /** Codes of all rows. */
  @SuppressWarnings("exports") // only Kith's own modules bring loops
  public CodeBlocks blocks() {
    return blocks;
  }

  /** Space and codes, as they are stored. */
  public MemorySegment body() {
    return body;
  }

  /** Upper bound of the length of what a row's code lost; infinite if it is not bounded. */
  public float residual(long row) {
    return blocks.term(row, coder.bits(), Term.BASE) == Float.NEGATIVE_INFINITY
        ? Float.POSITIVE_INFINITY
        : blocks.term(row, coder.bits(), Term.ERROR) / 2;
  }
}
