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

/**
 * Row-major codes of all rows, 8 or 4 bits an element of {@link WalkSpace}, one step for all of
 * them: a code {@code c} stands for {@code (c - middle) * step}. Beside each row's codes lies its
 * term, the squared length of what its codes stand for. Immutable; safe for many threads. Bytes of
 * the part are drawn in {@code docs/formats/graph.md}.
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

  private final int bits;
  private final WalkSpace space;
  private final int size;
  private final float step;
  private final MemorySegment body;
  private final MemorySegment codes;
  private final MemorySegment terms;

  private RowCodes(int bits, WalkSpace space, int size, long spaceBytes, MemorySegment body) {
    this.bits = bits;
    this.space = space;
    this.size = size;
    this.body = body;
    this.step = body.get(FLOAT, spaceBytes);
    long at = codesAt(spaceBytes);
    long stride = stride(bits, space.dimension());
    this.codes = body.asSlice(at, stride * size);
    this.terms = body.asSlice(at + stride * size, 4L * size);
  }

  /** Codes of an element, without the sign: 255 or 15. */
  private static int most(int bits) {
    return (1 << bits) - 1;
  }

  /** What the middle code would be: 128 in 8 bits, 7.5 in 4. */
  private static float middle(int bits) {
    return bits == 8 ? 128 : 7.5f;
  }

  private static long codesAt(long spaceBytes) {
    return (spaceBytes + 4 + LINE - 1) / LINE * LINE;
  }

  /** Bytes from one row's codes to the next's. */
  static long stride(int bits, int dimension) {
    return width(bits, dimension) * bits / 8;
  }

  /** Elements that the loops run over. */
  static long width(int bits, int dimension) {
    long line = LINE * 8L / bits;
    return (dimension + line - 1) / line * line;
  }

  /** Bytes of the codes of {@code size} rows of {@code given} elements. */
  public static long bytes(int bits, Metric metric, int given, int size) {
    long space = WalkSpace.bytes(metric, given);
    int dimension = metric == Metric.DOT ? given + 1 : given;
    return codesAt(space) + (stride(bits, dimension) + 4) * size;
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
    var space = WalkSpace.fit(rows, metric, seed);
    int size = Math.toIntExact(rows.size());
    long spaceBytes = WalkSpace.bytes(metric, rows.dimension());
    var body = options.arena().allocate(bytes(bits, metric, rows.dimension(), size), LINE);
    space.write(body);
    body.set(FLOAT, spaceBytes, chooseStep(rows, space, bits));
    var coded = new RowCodes(bits, space, size, spaceBytes, body);
    Workers.forEach(
        (size + BLOCK - 1) / BLOCK,
        options.threads(),
        options.progress(),
        block -> {
          var values = new float[space.dimension()];
          var line = new byte[(int) coded.stride()];
          for (int row = (int) block * BLOCK; row < Math.min(size, (block + 1) * BLOCK); row++) {
            coded.encodeRow(rows, row, row, values, line);
          }
        });
    return coded;
  }

  /**
   * Opens codes that {@link #encode} made of rows of {@code given} elements.
   *
   * @param body as {@link #body} gives it
   */
  public static RowCodes open(MemorySegment body, int bits, Metric metric, int given, int size) {
    return new RowCodes(
        bits, WalkSpace.read(body, metric, given), size, WalkSpace.bytes(metric, given), body);
  }

  /** Step of least squared error on a sample, among clips at one to six standard deviations. */
  private static float chooseStep(VectorSource rows, WalkSpace space, int bits) {
    int count = (int) Math.min(SAMPLE, rows.size());
    int d = space.dimension();
    var sample = new float[count * d];
    var values = new float[d];
    double squares = 0;
    float largest = 0;
    for (int i = 0; i < count; i++) {
      space.row(rows, (long) i * rows.size() / count, values);
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

  private static int code(float value, float inverse, int bits) {
    int code = (int) Math.floor(value * inverse + middle(bits) + 0.5f);
    return Math.clamp(code, bits == 8 ? 1 : 0, most(bits));
  }

  /**
   * Codes row {@code from} of {@code rows} as row {@code to}.
   *
   * @param values scratch, {@code [space.dimension()]}
   * @param line scratch, {@code [stride()]}
   */
  void encodeRow(VectorSource rows, long from, int to, float[] values, byte[] line) {
    float term = codeRow(rows, from, values, line);
    MemorySegment.copy(line, 0, codes, ValueLayout.JAVA_BYTE, to * stride(), line.length);
    terms.set(FLOAT, 4L * to, term);
  }

  /** Codes a row into {@code line}; returns its term. */
  private float codeRow(VectorSource rows, long from, float[] values, byte[] line) {
    space.row(rows, from, values);
    float inverse = 1 / step;
    int twice = (int) (2 * middle(bits));
    Arrays.fill(line, (byte) 0);
    long squares = 0; // of twice what a code is off the middle, an integer
    for (int i = 0; i < space.dimension(); i++) {
      int code = code(values[i], inverse, bits);
      squares += (long) (2 * code - twice) * (2 * code - twice);
      if (bits == 8) {
        line[i] = (byte) code;
      } else {
        line[i / (2 * LINE) * LINE + i % LINE] |= (byte) (i % (2 * LINE) < LINE ? code : code << 4);
      }
    }
    return (float) (squares * 0.25 * step * step);
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
          var values = new float[space.dimension()];
          var line = new byte[(int) stride()];
          for (int row = (int) block * BLOCK; row < Math.min(size, (block + 1) * BLOCK); row++) {
            float term = codeRow(rows, row, values, line);
            long at = row * stride();
            if (Float.floatToRawIntBits(term) != Float.floatToRawIntBits(terms.get(FLOAT, 4L * row))
                || MemorySegment.mismatch(
                        MemorySegment.ofArray(line), 0, line.length, codes, at, at + line.length)
                    >= 0) {
              first.accumulateAndGet(row, Math::min);
              return;
            }
          }
        });
    return first.get() == Long.MAX_VALUE ? -1 : first.get();
  }

  /** Squared length of what codes lose of {@code values}, {@code [space.dimension()]}. */
  double lost(float[] values) {
    float inverse = 1 / step;
    double lost = 0;
    for (int i = 0; i < space.dimension(); i++) {
      double off = values[i] - (code(values[i], inverse, bits) - middle(bits)) * step;
      lost += off * off;
    }
    return lost;
  }

  /** Codes of {@code rows} rows, all zero as yet, in this space and with this step. */
  RowCodes like(int rows, Arena arena) {
    long spaceBytes = space.bytes();
    var empty = arena.allocate(codesAt(spaceBytes) + (stride() + 4) * rows, LINE);
    space.write(empty);
    empty.set(FLOAT, spaceBytes, step);
    return new RowCodes(bits, space, rows, spaceBytes, empty);
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

  /** Space that was coded. */
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
    return stride(bits, space.dimension());
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
    return Lines.equal(codes, row * stride(), other * stride(), stride());
  }

  /** Scorers by integer products of codes. */
  private record CodeScorers(RowCodes rows, CodeKernel kernel) implements Scorers {
    @Override
    public Scorer scorer() {
      var query = new CodeQuery((int) width(rows.bits, rows.space.dimension()));
      return rows.new CodeScorer(kernel, query);
    }

    @Override
    public int size() {
      return rows.size;
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
    private final float[] values;
    private final byte[] line;
    private float offset;

    CodeScorer(CodeKernel kernel, CodeQuery query) {
      this.kernel = kernel;
      this.query = query;
      this.values = new float[space.dimension()];
      this.line = new byte[(int) stride()];
    }

    @Override
    public void setQuery(float[] given) {
      space.query(given, values);
      float largest = 0;
      for (float value : values) {
        largest = Math.max(largest, Math.abs(value));
      }
      float own = largest == 0 ? 1 : largest / 127;
      float inverse = 1 / own;
      var codes = query.codes();
      int sum = 0;
      int squares = 0; // at most 65,537 * 127^2 < 2^31
      for (int i = 0; i < values.length; i++) {
        float scaled = values[i] * inverse;
        int code = (int) (scaled + (scaled < 0 ? -0.5f : 0.5f)); // vectorised, as rounding is not
        codes[i] = (byte) code;
        sum += code;
        squares += code * code;
      }
      set(own, sum, squares);
    }

    @Override
    public void setRow(int row) {
      MemorySegment.copy(
          RowCodes.this.codes, ValueLayout.JAVA_BYTE, row * stride(), line, 0, line.length);
      var codes = query.codes();
      int d = space.dimension();
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
    private void set(float own, int sum, long squares) {
      query.scale(2 * own * step);
      offset = (float) (squares * (double) own * own + 2.0 * own * step * middle(bits) * sum);
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
