package dev.kith.core.quant;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.kernel.CodeKernel;
import dev.kith.core.kernel.CodeQuery;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.Picks;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Row-major codes of all rows, 8 or 4 bits an element of {@link WalkSpace}, or of its {@link
 * Projection} to fewer dimensions, one step for all of them: a code {@code c} stands for {@code (c
 * - middle) * step}. Beside each row's codes lies its term, the squared length of what its codes
 * stand for, and half of the squared length that a projection leaves out: where rows are near each
 * other, about half of what both leave out is the same (measured). Immutable; safe for many
 * threads. Bytes of the part are drawn in {@code docs/formats/graph.md}.
 */
@SuppressWarnings("exports") // only Kith's own modules bring loops
public final class RowCodes implements WalkCodes {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /** Elements of a line of codes: a row is filled up to whole lines of 64 bytes. */
  private static final int LINE = 64;

  /** Rows that the step is chosen on. */
  private static final int SAMPLE = 2_000;

  /** Rows coded as one unit of work. */
  private static final int BLOCK = 512;

  /** Share of the squared length that a projection leaves out which is part of an estimate. */
  private static final double LEFT_OUT = 0.5;

  private final int bits;
  private final WalkSpace space;
  private final @Nullable Projection projection;

  /** Elements that are coded. */
  private final int dimension;

  private final int size;
  private final float step;
  private final MemorySegment body;
  private final MemorySegment codes;
  private final MemorySegment terms;

  private RowCodes(int bits, int axes, WalkSpace space, int size, MemorySegment body) {
    this.bits = bits;
    this.space = space;
    this.size = size;
    this.body = body;
    long spaceBytes = space.bytes();
    this.step = body.get(FLOAT, spaceBytes);
    long at = codesAt(spaceBytes, axes, space.dimension());
    if (axes == 0) {
      this.projection = null;
      this.dimension = space.dimension();
    } else {
      long bytes = Projection.bytes(axes, space.dimension());
      this.projection =
          new Projection(
              space.dimension(),
              axes,
              body.get(FLOAT, spaceBytes + 4),
              body.asSlice(at - bytes, bytes));
      this.dimension = axes;
    }
    long stride = stride(bits, dimension);
    this.codes = body.asSlice(at, stride * size);
    this.terms = body.asSlice(at + stride * size, 4L * size);
  }

  /** Codes of an element, without the sign: 255 or 15. */
  private static int most(int bits) {
    return (1 << bits) - 1;
  }

  /** What the middle code would be: 128 in 8 bits, 7.5 in 4. */
  static float middle(int bits) {
    return bits == 8 ? 128 : 7.5f;
  }

  /** Bytes before the codes, of which those of a projection's matrix are the last. */
  private static long codesAt(long spaceBytes, int axes, int dimension) {
    long header = spaceBytes + (axes == 0 ? 4 : 8);
    return (header + LINE - 1) / LINE * LINE + Projection.bytes(axes, dimension);
  }

  /** Bytes from one row's codes to the next's. */
  public static long stride(int bits, int dimension) {
    return width(bits, dimension) * bits / 8;
  }

  /** Elements that the loops run over. */
  static long width(int bits, int dimension) {
    long line = LINE * 8L / bits;
    return (dimension + line - 1) / line * line;
  }

  /**
   * Bytes of the codes of {@code size} rows of {@code given} elements.
   *
   * @param axes dimensions after a projection, or 0 for none
   */
  public static long bytes(int bits, int axes, Metric metric, int given, int size) {
    long space = WalkSpace.bytes(metric, given);
    int dimension = metric == Metric.DOT ? given + 1 : given;
    return codesAt(space, axes, dimension)
        + (stride(bits, axes == 0 ? dimension : axes) + 4) * size;
  }

  /**
   * Codes rows.
   *
   * @param bits 8 or 4
   * @param seed of the rotation, or 0 for none
   * @throws dev.kith.core.vector.VectorDataException if a row is not finite
   */
  public static RowCodes encode(
      VectorSource rows, Metric metric, int bits, long seed, BuildOptions options) {
    return fit(rows, metric, bits, seed).encode(rows, options);
  }

  /**
   * Codes of no rows, whose space and step are fitted to {@code rows}.
   *
   * @param bits 8 or 4
   * @param seed of the rotation, or 0 for none
   * @throws dev.kith.core.vector.VectorDataException if a row that is read is not finite
   */
  public static RowCodes fit(VectorSource rows, Metric metric, int bits, long seed) {
    return fit(rows, WalkSpace.fit(rows, metric, seed), bits, 0, new float[0][]);
  }

  /**
   * Codes of no rows in the first dimensions that {@code axes} span, with a step that is fitted to
   * {@code rows}.
   *
   * @param bits 8 or 4
   * @param count dimensions that are coded, at most the number of axes
   * @param seed of the rotation among the axes
   * @throws dev.kith.core.vector.VectorDataException if a row that is read is not finite
   */
  public static RowCodes fit(
      VectorSource rows, Metric metric, int bits, LeadingAxes axes, int count, long seed) {
    return fit(rows, WalkSpace.fit(rows, metric, 0), bits, count, axes.turned(count, seed));
  }

  private static RowCodes fit(
      VectorSource rows, WalkSpace space, int bits, int axes, float[][] matrix) {
    long at = codesAt(space.bytes(), axes, space.dimension());
    var body = Arena.ofAuto().allocate(at, LINE);
    space.write(body);
    if (axes > 0) {
      long bytes = Projection.bytes(axes, space.dimension());
      body.set(FLOAT, space.bytes() + 4, Projection.code(matrix, body.asSlice(at - bytes, bytes)));
    }
    var unfitted = new RowCodes(bits, axes, space, 0, body);
    body.set(FLOAT, space.bytes(), unfitted.chooseStep(rows));
    return new RowCodes(bits, axes, space, 0, body);
  }

  /**
   * Codes of {@code rows} in this space and with this step.
   *
   * @throws dev.kith.core.vector.VectorDataException if a row is not finite
   */
  public RowCodes encode(VectorSource rows, BuildOptions options) {
    int count = Math.toIntExact(rows.size());
    var coded = like(count, options.arena());
    Workers.forEach(
        (count + BLOCK - 1) / BLOCK,
        options.threads(),
        options.progress(),
        block -> {
          var coder = coded.coder();
          for (int row = (int) block * BLOCK; row < Math.min(count, (block + 1) * BLOCK); row++) {
            coder.encode(rows, row, row);
          }
        });
    return coded;
  }

  /** Codes of the rows {@code picked} of {@code rows}, in that order. */
  public RowCodes encode(VectorSource rows, int[] picked) {
    var coded = like(picked.length, Arena.ofAuto());
    var coder = coded.coder();
    for (int i = 0; i < picked.length; i++) {
      coder.encode(rows, picked[i], i);
    }
    return coded;
  }

  /**
   * Opens codes that were made of rows of {@code given} elements.
   *
   * @param body as {@link #body} gives it
   * @param axes dimensions after a projection, or 0 for none
   */
  public static RowCodes open(
      MemorySegment body, int bits, int axes, Metric metric, int given, int size) {
    return new RowCodes(bits, axes, WalkSpace.read(body, metric, given), size, body);
  }

  /** Step of least squared error on a sample, among clips at one to six standard deviations. */
  private float chooseStep(VectorSource rows) {
    int count = (int) Math.min(SAMPLE, rows.size());
    int d = dimension;
    var sample = new float[count * d];
    var coder = coder();
    var values = coder.values;
    double squares = 0;
    float largest = 0;
    for (int i = 0; i < count; i++) {
      coder.map(rows, (long) i * rows.size() / count);
      System.arraycopy(values, 0, sample, i * d, d);
      for (float value : values) {
        squares += (double) value * value;
        largest = Math.max(largest, Math.abs(value));
      }
    }
    if (largest == 0) {
      return 1;
    }
    double deviation = Math.sqrt(squares / sample.length);
    // In 8 bits half of the codes lie on each side of the middle, less one.
    float half = bits == 8 ? 127 : 7.5f;
    float best = largest / half;
    double least = error(sample, best, bits);
    for (double clip = 1.5; clip * deviation < largest && clip < 40; clip *= 1.08) {
      float step = (float) (clip * deviation / half);
      double error = error(sample, step, bits);
      if (error < least) {
        least = error;
        best = step;
      }
    }
    return best;
  }

  private static double error(float[] sample, float step, int bits) {
    double sum = 0;
    for (float value : sample) {
      double lost = value - (code(value, 1 / step, bits) - middle(bits)) * step;
      sum += lost * lost;
    }
    return sum;
  }

  static int code(float value, float inverse, int bits) {
    // Between bounds that are not negative, so that cutting off is rounding down.
    float code = value * inverse + middle(bits) + 0.5f;
    return (int) Math.min(Math.max(code, bits == 8 ? 1 : 0), most(bits));
  }

  /**
   * Packs codes as they are stored.
   *
   * @param codes zeros behind the first {@code count}
   * @param line receives them, in whole lines of 64 bytes
   */
  static void pack(int[] codes, int count, int bits, byte[] line) {
    if (bits == 8) {
      for (int i = 0; i < count; i++) {
        line[i] = (byte) codes[i];
      }
      return;
    }
    for (int block = 0; block < line.length; block += LINE) {
      for (int i = 0; i < LINE; i++) {
        line[block + i] = (byte) (codes[2 * block + i] | codes[2 * block + LINE + i] << 4);
      }
    }
  }

  /** Creates a coder for one thread. */
  Coder coder() {
    return new Coder();
  }

  /** Coder of rows, of one thread. */
  final class Coder {
    private final float[] full = new float[space.dimension()];
    private final float[] values = projection == null ? full : new float[dimension];
    private final byte[] line = new byte[(int) stride()];
    private final int[] codes = new int[(int) width(bits, dimension)];
    private final Projection.@Nullable Projector projector =
        projection == null ? null : projection.new Projector(Kernels.inJava().codes());

    private Coder() {}

    /** Sets what is to be coded of a row; returns the squared length that is left out. */
    private double map(VectorSource rows, long row) {
      space.row(rows, row, full);
      return projector == null ? 0 : leftOut(projector.apply(full, values), values);
    }

    /**
     * Codes row {@code from} of {@code rows} as row {@code to} of {@code codes}.
     *
     * @return squared length of what is lost: by codes, and by what they leave out
     */
    double encode(VectorSource rows, long from, int to) {
      double leftOut = map(rows, from);
      float term = code(leftOut);
      MemorySegment.copy(
          line, 0, RowCodes.this.codes, ValueLayout.JAVA_BYTE, to * stride(), line.length);
      terms.set(FLOAT, 4L * to, term);
      return leftOut;
    }

    /** Whether row {@code row} of {@code rows} has the codes and the term that are stored. */
    private boolean matches(VectorSource rows, int row) {
      float term = code(map(rows, row));
      long at = row * stride();
      return Float.floatToRawIntBits(term) == Float.floatToRawIntBits(terms.get(FLOAT, 4L * row))
          && MemorySegment.mismatch(
                  MemorySegment.ofArray(line),
                  0,
                  line.length,
                  RowCodes.this.codes,
                  at,
                  at + line.length)
              < 0;
    }

    /** Codes {@code values} into {@code line}; returns the term. */
    private float code(double leftOut) {
      float inverse = 1 / step;
      int twice = (int) (2 * middle(bits));
      int squares = 0; // of twice what a code is off the middle; unsigned: 65,537 * 254^2 < 2^32
      for (int i = 0; i < dimension; i++) {
        codes[i] = RowCodes.code(values[i], inverse, bits);
      }
      for (int i = 0; i < dimension; i++) {
        int off = 2 * codes[i] - twice;
        squares += off * off;
      }
      pack(codes, dimension, bits, line);
      return (float) (Integer.toUnsignedLong(squares) * 0.25 * step * step + LEFT_OUT * leftOut);
    }

    /** Squared length of what the codes of the last row lost. */
    double lost() {
      float inverse = 1 / step;
      double lost = 0;
      for (int i = 0; i < dimension; i++) {
        double off = values[i] - (RowCodes.code(values[i], inverse, bits) - middle(bits)) * step;
        lost += off * off;
      }
      return lost;
    }
  }

  /** What of a squared length does not lie in {@code values}. */
  private static double leftOut(double all, float[] values) {
    double kept = 0;
    for (float value : values) {
      kept += (double) value * value;
    }
    return Math.max(0, all - kept);
  }

  /**
   * Codes all rows again, on all cores, and compares.
   *
   * @return the first row whose code or term differs, or -1
   * @throws dev.kith.core.vector.VectorDataException if a row is not finite
   */
  @Override
  public long firstDifference(VectorSource rows) {
    var first = new AtomicLong(Long.MAX_VALUE);
    Workers.forEach(
        (size + BLOCK - 1) / BLOCK,
        block -> {
          var coder = coder();
          for (int row = (int) block * BLOCK; row < Math.min(size, (block + 1) * BLOCK); row++) {
            if (!coder.matches(rows, row)) {
              first.accumulateAndGet(row, Math::min);
              return;
            }
          }
        });
    return first.get() == Long.MAX_VALUE ? -1 : first.get();
  }

  /** Codes of {@code rows} rows, all zero as yet, in this space and with this step. */
  RowCodes like(int rows, Arena arena) {
    long at = body.byteSize() - (stride() + 4) * size;
    var empty = arena.allocate(at + (stride() + 4) * rows, LINE);
    MemorySegment.copy(body, 0, empty, 0, at);
    return new RowCodes(bits, axes(), space, rows, empty);
  }

  /** Copies row {@code from} of codes in the same space to row {@code to} of these. */
  void copyRow(RowCodes others, int from, int to) {
    MemorySegment.copy(others.codes, from * stride(), codes, to * stride(), stride());
    terms.set(FLOAT, 4L * to, others.terms.get(FLOAT, 4L * from));
  }

  /** Bits an element, 8 or 4. */
  @Override
  public int bits() {
    return bits;
  }

  @Override
  public int size() {
    return size;
  }

  /** Dimensions after a projection, or 0 where all of the space are coded. */
  @Override
  public int axes() {
    return projection == null ? 0 : dimension;
  }

  /** Space that was coded, or that a projection was applied to. */
  public WalkSpace space() {
    return space;
  }

  /** Codes and terms as they are stored. */
  @Override
  public MemorySegment body() {
    return body;
  }

  /** Bytes from one row's codes to the next's. */
  long stride() {
    return stride(bits, dimension);
  }

  @Override
  public Scorers scorers(Kernels kernels) {
    return new CodeScorers(this, kernels.codes());
  }

  @Override
  public Scorers scorersOf(int[] picked, Kernels kernels) {
    var some = like(picked.length, Arena.ofAuto());
    for (int i = 0; i < picked.length; i++) {
      some.copyRow(this, picked[i], i);
    }
    return some.scorers(kernels);
  }

  @Override
  public int hash(int row) {
    return Lines.hash(codes, row * stride(), stride());
  }

  @Override
  public boolean equal(int row, int other) {
    return Float.floatToRawIntBits(terms.get(FLOAT, 4L * row))
            == Float.floatToRawIntBits(terms.get(FLOAT, 4L * other))
        && Lines.equal(codes, row * stride(), other * stride(), stride());
  }

  /** Scorers by integer products of codes. */
  private record CodeScorers(RowCodes rows, CodeKernel kernel) implements Scorers {
    @Override
    public Scorer scorer() {
      var query = new CodeQuery((int) width(rows.bits, rows.dimension));
      return rows.new CodeScorer(kernel, query);
    }

    @Override
    public int size() {
      return rows.size;
    }

    @Override
    public boolean projected() {
      return rows.projection != null;
    }

    @Override
    public long bytesPerRow() {
      return rows.stride() + 4;
    }
  }

  /** Scorer of one thread. */
  private final class CodeScorer implements Scorers.Scorer {
    private final CodeKernel kernel;
    private final CodeQuery query;
    private final float[] full;
    private final float[] values;
    private final Projection.@Nullable Projector projector;
    private final byte[] line;
    private float offset;

    CodeScorer(CodeKernel kernel, CodeQuery query) {
      this.kernel = kernel;
      this.query = query;
      this.full = new float[space.dimension()];
      this.values = projection == null ? full : new float[dimension];
      this.projector = projection == null ? null : projection.new Projector(kernel);
      this.line = new byte[(int) stride()];
    }

    @Override
    public void setQuery(float[] given) {
      space.query(given, full);
      double all = projector == null ? 0 : projector.apply(full, values);
      var coded = SignedCodes.of(values, dimension, query.codes());
      set(coded.scale(), coded.sum(), coded.squaredLength());
      if (projector != null) {
        offset += (float) (LEFT_OUT * Math.max(0, all - coded.squaredLength()));
      }
    }

    @Override
    public void setRow(int row) {
      MemorySegment.copy(
          RowCodes.this.codes, ValueLayout.JAVA_BYTE, row * stride(), line, 0, line.length);
      var codes = query.codes();
      int d = dimension;
      if (bits == 8) {
        for (int i = 0; i < d; i++) {
          codes[i] = (byte) (line[i] - 128);
        }
      } else {
        for (int block = 0; block < line.length; block += LINE) {
          for (int i = 0; i < LINE; i++) {
            int pair = line[block + i];
            codes[2 * block + i] = (byte) (2 * (pair & 15) - 15);
            codes[2 * block + LINE + i] = (byte) (2 * (pair >> 4 & 15) - 15);
          }
        }
        Arrays.fill(codes, d, codes.length, (byte) 0);
      }
      int sum = 0;
      for (int i = 0; i < d; i++) {
        sum += codes[i];
      }
      float own = bits == 8 ? step : step / 2;
      set(own, sum, 0);
      offset += terms.get(FLOAT, 4L * row);
    }

    /** Sets what products are multiplied by, and what brings the middle of the codes back. */
    private void set(float own, int sum, double squaredLength) {
      query.scale(2 * own * step);
      offset = (float) (squaredLength + 2.0 * own * step * middle(bits) * sum);
    }

    @Override
    public Scorers.Scorer sharing(Scorers others) {
      var those = (CodeScorers) others;
      return those.rows.new CodeScorer(those.kernel, query);
    }

    @Override
    public float offset() {
      return offset;
    }

    @Override
    public void estimate(Picks picks, int count) {
      if (bits == 8) {
        kernel.estimate8(query, RowCodes.this.codes, stride(), terms, picks, count);
      } else {
        kernel.estimate4(query, RowCodes.this.codes, stride(), terms, picks, count);
      }
    }
  }
}
