package dev.kith.core.kernel;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A query as the loops over {@link CodeBlocks} read it: a table of small integers for each group of
 * a row's code, and what turns a sum of entries into a bound. Belongs to one worker, which sets it
 * again for each query.
 *
 * <p>An entry of a table stands for {@code least + step * entry}, with one step for all tables and
 * a least value each; entries have 8 bits for groups of 4 bits and 16 bits for groups of 8. What
 * rounding them loses is known: {@link #slack}.
 */
public final class TableQuery {
  private static final int LINE = 64;
  private static final long SCALE = 0;
  private static final long SHIFT = 4;
  private static final long WEIGHT = 8;
  private static final long THRESHOLD = 12;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private final int bits;
  private final int groups;
  private final MemorySegment terms;

  /** Entries before they go off-heap: bytes of 4-bit groups, or pairs of bytes. */
  private final byte[] bytes;

  private final short[] ownShorts;

  private final MemorySegment ownTables;

  /** Entries that are read: this query's own, or those of another that it shares. */
  private MemorySegment tables;

  private short[] shorts;

  private double step;
  private double least;
  private double slack;

  /** Creates a query of zeros for blocks of a shape. */
  public TableQuery(CodeBlocks.Shape shape) {
    this.bits = shape.bits();
    this.groups = shape.groups();
    int entries = groups * shape.entries();
    this.bytes = new byte[bits == 4 ? entries : 0];
    this.ownShorts = new short[bits == 4 ? 0 : entries];
    this.shorts = ownShorts;
    // Room for a register's load behind the last entry.
    this.ownTables = Arena.ofAuto().allocate(bytes.length + 2L * shorts.length + LINE, LINE);
    this.tables = ownTables;
    this.terms = Arena.ofAuto().allocate(16, 16);
    threshold(Float.POSITIVE_INFINITY);
  }

  /**
   * Sets the tables: rounds each value to the nearest of the numbers that entries stand for.
   *
   * @param values {@code [given][16]} or {@code [given][256]}, for the first {@code given} groups;
   *     those behind get zeros
   */
  public void tables(float[] values, int given) {
    tables = ownTables;
    shorts = ownShorts;
    int width = 1 << bits;
    double widest = 0;
    var lows = new float[given];
    for (int g = 0; g < given; g++) {
      float low = values[g * width];
      float high = low;
      for (int i = g * width + 1; i < (g + 1) * width; i++) {
        low = Math.min(low, values[i]);
        high = Math.max(high, values[i]);
      }
      lows[g] = low;
      widest = Math.max(widest, (double) high - low);
    }
    int most = bits == 4 ? 0xff : 0xffff;
    step = widest > 0 ? widest / most : 1;
    least = 0;
    slack = 0;
    double inverse = 1 / step;
    for (int g = 0; g < given; g++) {
      double low = lows[g];
      double worst = 0;
      for (int i = g * width; i < (g + 1) * width; i++) {
        double off = values[i] - low;
        int entry = Math.min((int) (off * inverse + 0.5), most);
        worst = Math.max(worst, Math.abs(off - entry * step));
        if (bits == 4) {
          bytes[i] = (byte) entry;
        } else {
          shorts[i] = (short) entry;
        }
      }
      least += low;
      slack += worst;
    }
    if (bits == 4) {
      MemorySegment.copy(bytes, 0, tables, ValueLayout.JAVA_BYTE, 0, given * width);
    } else {
      Arrays.fill(shorts, given * width, shorts.length, (short) 0);
      MemorySegment.copy(shorts, 0, tables, SHORT, 0, given * width);
    }
    long used = (long) given * width * (bits / 4);
    tables.asSlice(used, tables.byteSize() - used).fill((byte) 0);
  }

  /**
   * Reads the tables of another query of this shape from now on, so that many threads may have one
   * set of tables and terms of their own; until tables are set here.
   */
  public void share(TableQuery other) {
    if (other.bits != bits || other.groups != groups) {
      throw new IllegalArgumentException(
          "tables for %d groups of %d bits are no tables for %d groups of %d bits"
              .formatted(other.groups, other.bits, groups, bits));
    }
    tables = other.tables;
    shorts = other.shorts;
    step = other.step;
    least = other.least;
    slack = other.slack;
  }

  /** Groups of a row. */
  public int groups() {
    return groups;
  }

  /** Value of one unit of a sum of entries. */
  public double step() {
    return step;
  }

  /** Value of a sum of zero: the least value of each table, together. */
  public double least() {
    return least;
  }

  /** Upper bound of what rounding the entries of one plane adds to or takes from a value. */
  public double slack() {
    return slack;
  }

  /** Sets what makes a value of a sum {@code s}: {@code scale * s + shift}. */
  public void value(float scale, float shift) {
    terms.set(Panels.FLOAT, SCALE, scale);
    terms.set(Panels.FLOAT, SHIFT, shift);
  }

  /** Sets what a row's error is multiplied by. */
  public void weight(float weight) {
    terms.set(Panels.FLOAT, WEIGHT, weight);
  }

  /** Sets the bound above which rows are dropped. */
  public void threshold(float threshold) {
    terms.set(Panels.FLOAT, THRESHOLD, threshold);
  }

  /** The number that a sum is multiplied by. */
  public float scale() {
    return terms.get(Panels.FLOAT, SCALE);
  }

  /** What is added to a scaled sum. */
  public float shift() {
    return terms.get(Panels.FLOAT, SHIFT);
  }

  /** What a row's error is multiplied by. */
  public float weight() {
    return terms.get(Panels.FLOAT, WEIGHT);
  }

  /** Bound above which rows are dropped. */
  public float threshold() {
    return terms.get(Panels.FLOAT, THRESHOLD);
  }

  /** Entries: {@code [groups][16]} bytes, or {@code [groups][256]} of two bytes; off-heap. */
  public MemorySegment tables() {
    return tables;
  }

  /** Entries of 8-bit groups, on the heap, {@code [groups][256]}. */
  short[] shorts() {
    return shorts;
  }

  /** Scale, shift, weight and threshold, float32 each; off-heap. */
  public MemorySegment terms() {
    return terms;
  }

  /** The entry of a group's table for a code. */
  int entry(int group, int code) {
    long i = ((long) group << bits) + code;
    return bits == 4
        ? tables.get(ValueLayout.JAVA_BYTE, i) & 0xff
        : tables.get(SHORT, 2 * i) & 0xffff;
  }

  /** Checks that the query is for blocks of this shape. */
  public void requireFor(CodeBlocks.Shape shape) {
    if (shape.bits() != bits || shape.groups() != groups) {
      throw new IllegalArgumentException(
          "tables for %d groups of %d bits do not fit blocks of %d groups of %d bits"
              .formatted(groups, bits, shape.groups(), shape.bits()));
    }
  }
}
