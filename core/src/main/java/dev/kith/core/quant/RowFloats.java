package dev.kith.core.quant;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.kernel.HalfKernel;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.Picks;
import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Rows as floats for walks: in place, as their source holds them, or a copy in 16-bit floats.
 * Immutable; safe for many threads; rows in place can be read as long as their source is open.
 *
 * <pre>
 * offset   size      field of the body of rows in place, little-endian
 * 0        4         length of the longest row, float32, where the metric is DOT; else 0
 * 4        60        zeros
 * 64       4 t n     terms, float32; t = 1 for L2, else 2
 *
 * offset   size      field of the body of a copy; d elements a row of WalkSpace, s bytes before
 * 0        s         the space, without rotation
 * s        4         scale, float32, a power of two
 * s + 4              zeros, up to a multiple of 64: a
 * a        w n       rows of binary16, {@code scale} times the row; w = 2 d, up to a multiple of 64
 * a + w n  4 n       terms, float32
 * </pre>
 *
 * <p>Products are sums of floats, so that loops of different backends differ in the last digits,
 * and walks may differ where estimates are as good as equal.
 */
@SuppressWarnings("exports") // only Kith's own modules bring loops
public final class RowFloats implements WalkCodes {
  /*
   * Implementation notes
   *
   * Estimates. With p the product of query and row as they are stored, and t the row's terms:
   *
   *   L2, and every copy   t0 - (2 / scale) p           t0 = |row|^2
   *   COSINE in place      t0 - t1 p                    t0 = 1 (0 of a zero vector), t1 = 2 / |row|
   *   DOT in place         t0 - 2 (p + tail t1)    t0 = |row|^2 + t1^2, t1 = sqrt(M^2 - |row|^2)
   *
   * with the query scaled to length 1 for COSINE, and tail the t1 of a row that is the query, 0 of
   * a user's query. Plus the query's squared length they are squared distances in WalkSpace, which
   * neither centre nor rotation changes.
   *
   * Digits. Rows in place are not centred: where they are much further from the origin than from
   * each other, float32 products lose what tells them apart. A copy is centred, so that 11 bits go
   * to what differs; its scale keeps the largest element of a sample near 2^10, far from what
   * overflows and from what 16 bits round to zero. A larger one is cut off at the largest float16.
   */

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private static final int LINE = 64;

  /** Rows that the scale is chosen on. */
  private static final int SAMPLE = 2_000;

  /** Rows that are worked on as one unit. */
  private static final int BLOCK = 512;

  /** Rows that are decoded at a time, where loops cannot read them in place. */
  private static final int DECODED = 64;

  /** Exponent of the largest element of the sample in a copy. */
  private static final int EXPONENT = 10;

  private static final float MOST_HALF = 65_504;

  private final Metric metric;
  private final MemorySegment body;

  /** Space of a copy, or null for rows in place. */
  private final @Nullable WalkSpace space;

  private final Stored all;

  /**
   * Rows side by side, or some of them.
   *
   * @param data row {@code r} at {@code r * stride}
   * @param terms of each row one, or two
   */
  private record Stored(
      MemorySegment data,
      long stride,
      int dimension,
      ElementType type,
      float scale,
      MemorySegment terms,
      int size) {
    Stored some(int[] picked, int termBytes) {
      var arena = Arena.ofAuto();
      long bytes = (long) dimension * type.bytes();
      long wide = (bytes + LINE - 1) / LINE * LINE;
      var theirs = arena.allocate(wide * picked.length, LINE);
      var theirTerms = arena.allocate((long) termBytes * picked.length, LINE);
      for (int i = 0; i < picked.length; i++) {
        MemorySegment.copy(data, picked[i] * stride, theirs, i * wide, bytes);
        MemorySegment.copy(
            terms, (long) termBytes * picked[i], theirTerms, (long) termBytes * i, termBytes);
      }
      return new Stored(theirs, wide, dimension, type, scale, theirTerms, picked.length);
    }
  }

  private RowFloats(Metric metric, MemorySegment body, @Nullable WalkSpace space, Stored all) {
    this.metric = metric;
    this.body = body;
    this.space = space;
    this.all = all;
  }

  /**
   * Reads rows in place.
   *
   * @throws VectorDataException if a row is not finite
   */
  public static RowFloats inPlace(VectorSource rows, Metric metric, BuildOptions options) {
    int size = Math.toIntExact(rows.size());
    var body = options.arena().allocate(LINE + (long) termBytes(metric) * size, LINE);
    var squares = new double[size];
    forEachBlock(
        size,
        options,
        (from, to) -> {
          var values = new float[rows.dimension()];
          for (int row = from; row < to; row++) {
            rows.block(row, 1).decodeRow(0, values, 0);
            squares[row] = squaredLength(values);
            if (!(squares[row] < Double.POSITIVE_INFINITY)) {
              VectorDataException.requireFinite(rows, row, values);
            }
          }
        });
    double longest = 0;
    for (double square : squares) {
      longest = Math.max(longest, square);
    }
    float most = metric == Metric.DOT ? (float) Math.sqrt(longest) : 0;
    body.set(FLOAT, 0, most);
    for (int row = 0; row < size; row++) {
      double square = squares[row];
      switch (metric) {
        case L2 -> body.set(FLOAT, LINE + 4L * row, (float) square);
        case COSINE -> {
          body.set(FLOAT, LINE + 8L * row, square == 0 ? 0 : 1);
          body.set(FLOAT, LINE + 8L * row + 4, square == 0 ? 0 : (float) (2 / Math.sqrt(square)));
        }
        case DOT -> {
          double tail = Math.sqrt(Math.max(0, (double) most * most - square)); // as in WalkSpace
          body.set(FLOAT, LINE + 8L * row, (float) (square + tail * tail));
          body.set(FLOAT, LINE + 8L * row + 4, (float) tail);
        }
      }
    }
    return openInPlace(body, rows, metric);
  }

  /** Opens what {@link #inPlace} made of these rows. */
  public static RowFloats openInPlace(MemorySegment body, VectorSource rows, Metric metric) {
    int size = Math.toIntExact(rows.size());
    var terms = body.asSlice(LINE, (long) termBytes(metric) * size);
    int d = rows.dimension();
    var type = rows.elementType();
    if (size == 0) {
      return new RowFloats(
          metric, body, null, new Stored(MemorySegment.NULL, LINE, d, type, 1, terms, 0));
    }
    var block = rows.block(0, size);
    return new RowFloats(
        metric, body, null, new Stored(block.data(), block.stride(), d, type, 1, terms, size));
  }

  /** Bytes of the body of {@code size} rows in place. */
  static long bytesInPlace(Metric metric, int size) {
    return LINE + (long) termBytes(metric) * size;
  }

  /** Bytes of the body of a copy of {@code size} rows of {@code given} elements. */
  static long halfBytes(Metric metric, int given, int size) {
    int dimension = metric == Metric.DOT ? given + 1 : given;
    return halvesAt(metric, given) + (halfStride(dimension) + 4) * size;
  }

  @Override
  public int axes() {
    return 0;
  }

  @Override
  public int bits() {
    return space == null ? 32 : 16;
  }

  @Override
  public long firstDifference(VectorSource rows) {
    var options = BuildOptions.defaults();
    var again = space == null ? inPlace(rows, metric, options) : halves(rows, metric, options);
    long at = body.mismatch(again.body);
    if (at < 0) {
      return -1;
    }
    long terms = body.byteSize() - all.terms.byteSize();
    long row =
        at >= terms
            ? (at - terms) * all.size / all.terms.byteSize()
            : (at - (terms - all.stride * all.size)) / all.stride;
    return Math.clamp(row, 0, Math.max(all.size - 1, 0));
  }

  private static int termBytes(Metric metric) {
    return metric == Metric.L2 ? 4 : 8;
  }

  private static long halvesAt(Metric metric, int given) {
    return (WalkSpace.bytes(metric, given) + 4 + LINE - 1) / LINE * LINE;
  }

  private static long halfStride(int dimension) {
    return (2L * dimension + LINE - 1) / LINE * LINE;
  }

  /**
   * Copies rows to 16-bit floats.
   *
   * @throws VectorDataException if a row is not finite
   */
  public static RowFloats halves(VectorSource rows, Metric metric, BuildOptions options) {
    var space = WalkSpace.fit(rows, metric, 0);
    int d = space.dimension();
    int size = Math.toIntExact(rows.size());
    long at = halvesAt(metric, rows.dimension());
    long stride = halfStride(d);
    var body = options.arena().allocate(at + (stride + 4) * size, LINE);
    space.write(body);
    float scale = chooseScale(rows, space);
    body.set(FLOAT, WalkSpace.bytes(metric, rows.dimension()), scale);
    forEachBlock(
        size,
        options,
        (from, to) -> {
          var values = new float[d];
          for (int row = from; row < to; row++) {
            space.row(rows, row, values);
            double squares = 0;
            for (int i = 0; i < d; i++) {
              short half =
                  Float.floatToFloat16(Math.clamp(values[i] * scale, -MOST_HALF, MOST_HALF));
              body.set(SHORT, at + row * stride + 2L * i, half);
              double kept = Float.float16ToFloat(half);
              squares += kept * kept;
            }
            body.set(FLOAT, at + stride * size + 4L * row, (float) (squares / scale / scale));
          }
        });
    return openHalves(body, metric, rows.dimension(), size);
  }

  /** Opens what {@link #halves} made of {@code size} rows of {@code given} elements. */
  public static RowFloats openHalves(MemorySegment body, Metric metric, int given, int size) {
    var space = WalkSpace.read(body, metric, given);
    long at = halvesAt(metric, given);
    long stride = halfStride(space.dimension());
    return new RowFloats(
        metric,
        body,
        space,
        new Stored(
            body.asSlice(at, stride * size),
            stride,
            space.dimension(),
            ElementType.FLOAT16,
            body.get(FLOAT, WalkSpace.bytes(metric, given)),
            body.asSlice(at + stride * size, 4L * size),
            size));
  }

  private static float chooseScale(VectorSource rows, WalkSpace space) {
    var values = new float[space.dimension()];
    float largest = 0;
    long count = Math.min(SAMPLE, rows.size());
    for (long i = 0; i < count; i++) {
      space.row(rows, i * rows.size() / count, values);
      for (float value : values) {
        largest = Math.max(largest, Math.abs(value));
      }
    }
    // The bounds keep the square of the scale, and its inverse, within float32.
    return largest == 0
        ? 1
        : (float) Math.scalb(1.0, Math.clamp(EXPONENT - Math.getExponent(largest), -60, 60));
  }

  /** Work on rows {@code from} to {@code to - 1}. */
  private interface Block {
    void work(int from, int to);
  }

  private static void forEachBlock(int size, BuildOptions options, Block block) {
    Workers.forEach(
        (size + BLOCK - 1) / BLOCK,
        options.threads(),
        options.progress(),
        unit -> block.work((int) unit * BLOCK, (int) Math.min(size, (unit + 1) * BLOCK)));
  }

  private static double squaredLength(float[] vector) {
    double sum = 0;
    for (float element : vector) {
      sum += (double) element * element;
    }
    return sum;
  }

  @Override
  public int size() {
    return all.size;
  }

  @Override
  public MemorySegment body() {
    return body;
  }

  @Override
  public int hash(int row) {
    return Lines.hash(all.data, row * all.stride, rowBytes());
  }

  @Override
  public boolean equal(int row, int other) {
    return Lines.equal(all.data, row * all.stride, other * all.stride, rowBytes());
  }

  private long rowBytes() {
    return (long) all.dimension * all.type.bytes();
  }

  /** Whether the rows are read where their source holds them. */
  public boolean isInPlace() {
    return space == null;
  }

  @Override
  public Scorers scorers(Kernels kernels) {
    return new FloatScorers(kernels, all);
  }

  @Override
  public Scorers scorersOf(int[] picked, Kernels kernels) {
    return new FloatScorers(kernels, all.some(picked, termsOfRow()));
  }

  /** Bytes of a row's terms. */
  private int termsOfRow() {
    return isInPlace() ? termBytes(metric) : 4;
  }

  /** Query of one thread's scorers. */
  private final class Query {
    final float[] values = new float[all.dimension];
    final MemorySegment segment = MemorySegment.ofArray(values);

    /** Element that a row has besides its own, where the metric is DOT. */
    float tail;

    float offset;

    void set(float[] given) {
      tail = 0;
      if (space != null) {
        space.query(given, values);
      } else {
        System.arraycopy(given, 0, values, 0, values.length);
        if (metric == Metric.COSINE) {
          scaleToOne();
        }
      }
      offset = (float) squaredLength(values);
    }

    void setRow(Stored stored, int row) {
      stored.type.decode(stored.data, row * stored.stride, values, 0, values.length);
      long at = (long) termsOfRow() * row;
      offset = stored.terms.get(FLOAT, at);
      tail = 0;
      if (space != null) {
        for (int i = 0; i < values.length; i++) {
          values[i] /= stored.scale;
        }
      } else if (metric == Metric.COSINE) {
        scaleToOne();
      } else if (metric == Metric.DOT) {
        tail = stored.terms.get(FLOAT, at + 4);
      }
    }

    private void scaleToOne() {
      double squares = squaredLength(values);
      float inverse = squares == 0 ? 0 : (float) (1 / Math.sqrt(squares));
      for (int i = 0; i < values.length; i++) {
        values[i] *= inverse;
      }
    }
  }

  /** Scorers by products of floats. */
  private final class FloatScorers implements Scorers {
    final Kernels kernels;
    final Stored stored;

    FloatScorers(Kernels kernels, Stored stored) {
      this.kernels = kernels;
      this.stored = stored;
    }

    @Override
    public Scorer scorer() {
      return new FloatScorer(this, new Query());
    }

    @Override
    public int size() {
      return stored.size;
    }

    @Override
    public boolean projected() {
      return false;
    }

    @Override
    public long bytesPerRow() {
      return (long) stored.dimension * stored.type.bytes() + termsOfRow();
    }
  }

  /** Scorer of one thread. */
  private final class FloatScorer implements Scorers.Scorer {
    private final Kernels kernels;
    private final Stored stored;
    private final Query query;

    /** Rows that no loop reads in place are decoded here. */
    private final MemorySegment decoded;

    private final float[] values;
    private final float[] dots;

    FloatScorer(FloatScorers owner, Query query) {
      this.kernels = owner.kernels;
      this.stored = owner.stored;
      this.query = query;
      boolean read =
          stored.type == ElementType.FLOAT32
              || (stored.type.bytes() == 2 && kernels.halves() != null);
      this.decoded =
          read
              ? MemorySegment.NULL
              : Arena.ofAuto().allocate(4L * DECODED * stored.dimension, LINE);
      this.values = new float[read ? 0 : stored.dimension];
      this.dots = new float[read ? 0 : DECODED];
    }

    @Override
    public void setQuery(float[] given) {
      query.set(given);
    }

    @Override
    public void setRow(int row) {
      query.setRow(stored, row);
    }

    @Override
    public float offset() {
      return query.offset;
    }

    @Override
    public Scorers.Scorer sharing(Scorers others) {
      return new FloatScorer((FloatScorers) others, query);
    }

    @Override
    public void estimate(Picks picks, int count) {
      multiply(picks, count);
      var rows = picks.rows();
      var out = picks.estimates();
      var terms = stored.terms;
      if (space != null || metric == Metric.L2) {
        float twice = 2 / stored.scale;
        for (int i = 0; i < count; i++) {
          out[i] = terms.get(FLOAT, 4L * rows[i]) - twice * out[i];
        }
      } else if (metric == Metric.COSINE) {
        for (int i = 0; i < count; i++) {
          out[i] = terms.get(FLOAT, 8L * rows[i]) - terms.get(FLOAT, 8L * rows[i] + 4) * out[i];
        }
      } else {
        for (int i = 0; i < count; i++) {
          float product = out[i] + query.tail * terms.get(FLOAT, 8L * rows[i] + 4);
          out[i] = terms.get(FLOAT, 8L * rows[i]) - 2 * product;
        }
      }
    }

    /** Replaces the estimates of {@code picks} by products. */
    private void multiply(Picks picks, int count) {
      HalfKernel halves = kernels.halves();
      if (stored.type == ElementType.FLOAT32) {
        kernels
            .rows()
            .dots(query.values, stored.data, stored.stride, picks.rows(), count, picks.estimates());
      } else if (stored.type.bytes() == 2 && halves != null) {
        halves.dots(
            stored.type,
            query.segment,
            stored.data,
            stored.stride,
            picks.rowSegment(),
            count,
            stored.dimension,
            picks.estimateSegment());
      } else {
        for (int from = 0; from < count; from += DECODED) {
          decodeAndMultiply(picks, from, Math.min(DECODED, count - from));
        }
      }
    }

    private void decodeAndMultiply(Picks picks, int from, int count) {
      long stride = 4L * stored.dimension;
      for (int i = 0; i < count; i++) {
        long at = picks.rows()[from + i] * stored.stride;
        stored.type.decode(stored.data, at, values, 0, values.length);
        MemorySegment.copy(values, 0, decoded, FLOAT, i * stride, values.length);
      }
      kernels.rows().dots(query.values, decoded, stride, count, dots);
      System.arraycopy(dots, 0, picks.estimates(), from, count);
    }
  }
}
