package dev.kith.core.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * Codes of rows in blocks of 32, transposed so that one instruction looks up the same part of all
 * rows of a block in a small table (André, Kermarrec, Le Scouarnec: Cache locality is not enough,
 * VLDB 2015). A part of a code is called a group: 4 bits, which are one sub-quantizer's code of 4
 * bits or one bit of each of 4 elements, or 8 bits, which are one sub-quantizer's code.
 *
 * <p>A block of 32 rows, {@code g} groups, {@code p} planes and {@code t} kinds of terms; blocks
 * follow each other in one segment, rows in their order, the last block filled up with zeros:
 *
 * <pre>
 * offset             size    field of a block of 4-bit groups; all little-endian
 * 0                  128 t   terms of plane 0: 32 float32 each of base, slope, error
 * 128 t              16 g    plane 0, group after group: the lower half of byte j is row j's,
 *                            the upper half row 16 + j's
 * 128 t + 16 g       16 g    plane 1, and so on to plane p - 1
 * 128 t + 16 g p     128 t   terms of all planes together, if there is more than one
 *
 * offset             size    field of a block of 8-bit groups, which have one plane
 * 0                  128 t   terms
 * 128 t              32 g    group after group: byte j is row j's
 * </pre>
 *
 * <p>Blocks are filled up with zeros to a multiple of 64 bytes; {@code g} is a multiple of 4 in 4
 * bits. There are no terms, or the base alone, or all three.
 *
 * <p>Several planes are the bits of numbers of {@code p} bits an element, the most significant in
 * plane 0, so that a loop may look at the first alone and at all of them only where that did not
 * decide. Reading is safe for many threads; different blocks may be written at once.
 */
public final class CodeBlocks {
  /** Rows of a block. */
  public static final int ROWS = 32;

  /** Most groups of a row: sums of table entries then fit int32. */
  public static final int MOST_GROUPS = 32_768;

  /** Bytes of one kind of terms of a block. */
  static final int TERM_BYTES = 4 * ROWS;

  private static final int LINE = 64;

  /** Number of groups that fill a line of 4-bit groups. */
  private static final int WHOLE = 4;

  private static final int MOST_PLANES = 8;

  /** A kind of terms, in the order in which they lie. */
  public enum Term {
    /** What is added to a row's estimate. */
    BASE(0),
    /** What the value from the tables is multiplied by; never positive. */
    SLOPE(1),
    /** What the width of the error bar is multiplied by; never negative. */
    ERROR(2);

    private final int place;

    Term(int place) {
      this.place = place;
    }

    private long offset(int in) {
      return (long) place * TERM_BYTES + 4L * in;
    }
  }

  /**
   * Shape of blocks.
   *
   * @param bits of a group, 4 or 8
   * @param groups of a row, in 4 bits a multiple of 4; see {@link #filled}
   * @param planes 1 to 8; 1 in 8 bits
   * @param terms kinds of terms: 0, 1 or 3
   */
  public record Shape(int bits, int groups, int planes, int terms) {
    /** Checks the numbers. */
    public Shape {
      boolean right =
          (bits == 4 || bits == 8)
              && groups >= 1
              && groups <= MOST_GROUPS
              && (bits == 8 || groups % WHOLE == 0)
              && planes >= 1
              && planes <= (bits == 8 ? 1 : MOST_PLANES)
              && (terms == 0 || terms == 1 || terms == 3);
      if (!right) {
        throw new IllegalArgumentException(
            ("blocks have 1 to %d groups of 8 bits, or a multiple of %d of 4 bits, in 1 to %d"
                    + " planes, and 0, 1 or 3 kinds of terms: bits=%d, groups=%d, planes=%d,"
                    + " terms=%d")
                .formatted(MOST_GROUPS, WHOLE, MOST_PLANES, bits, groups, planes, terms));
      }
    }

    /** The number of groups of {@code bits} bits that {@code groups} are filled up to. */
    public static int filled(int bits, int groups) {
      return bits == 8 ? groups : (groups + WHOLE - 1) / WHOLE * WHOLE;
    }

    /** Entries of a group's table: 16 or 256. */
    public int entries() {
      return 1 << bits;
    }

    /** Bytes from the start of a block to its codes. */
    public long codesAt() {
      return (long) terms * TERM_BYTES;
    }

    /** Bytes of one plane. */
    public long planeBytes() {
      return (long) groups * ROWS * bits / Byte.SIZE;
    }

    /** Bytes from the start of a block to the terms of its first {@code scanned} planes. */
    public long termsAt(int scanned) {
      return scanned == 1 ? 0 : codesAt() + planes * planeBytes();
    }

    /** Bytes from one block to the next. */
    public long stride() {
      long used = codesAt() + planes * planeBytes() + (planes > 1 ? codesAt() : 0);
      return (used + LINE - 1) / LINE * LINE;
    }

    /** Bytes of the blocks of {@code rows} rows. */
    public long bytes(long rows) {
      return Math.multiplyExact((rows + ROWS - 1) / ROWS, stride());
    }
  }

  private final Shape shape;
  private final MemorySegment memory;
  private final long blocks;

  private CodeBlocks(Shape shape, MemorySegment memory) {
    this.shape = shape;
    this.memory = memory;
    this.blocks = memory.byteSize() / shape.stride();
  }

  /** Blocks of {@code rows} rows, all zero. */
  public static CodeBlocks allocate(Arena arena, Shape shape, long rows) {
    return new CodeBlocks(shape, arena.allocate(shape.bytes(rows), LINE));
  }

  /**
   * Blocks that lie in {@code memory}.
   *
   * @param memory off-heap, a whole number of blocks, at an address that is a multiple of 64
   */
  public static CodeBlocks over(MemorySegment memory, Shape shape) {
    if (!memory.isNative() || memory.address() % LINE != 0) {
      throw new IllegalArgumentException(
          "blocks must be off-heap, at an address that is a multiple of %d".formatted(LINE));
    }
    if (memory.byteSize() % shape.stride() != 0) {
      throw new IllegalArgumentException(
          "blocks of %d bytes each do not fill %d bytes"
              .formatted(shape.stride(), memory.byteSize()));
    }
    return new CodeBlocks(shape, memory);
  }

  /** Shape of each block. */
  public Shape shape() {
    return shape;
  }

  /** All blocks, as they are stored. */
  public MemorySegment memory() {
    return memory;
  }

  /** Number of blocks. */
  public long count() {
    return blocks;
  }

  /** Sets the code of a group of a row. */
  public void set(long row, int plane, int group, int code) {
    long at = codeAt(row, plane, group);
    if (shape.bits == 8) {
      memory.set(ValueLayout.JAVA_BYTE, at, (byte) code);
      return;
    }
    int there = memory.get(ValueLayout.JAVA_BYTE, at);
    boolean upper = row % ROWS >= ROWS / 2;
    int next = upper ? (there & 15) | (code << 4) : (there & 0xf0) | (code & 15);
    memory.set(ValueLayout.JAVA_BYTE, at, (byte) next);
  }

  /** The code of a group of a row. */
  public int get(long row, int plane, int group) {
    int there = memory.get(ValueLayout.JAVA_BYTE, codeAt(row, plane, group)) & 0xff;
    return shape.bits == 8 ? there : row % ROWS < ROWS / 2 ? there & 15 : there >> 4;
  }

  private long codeAt(long row, int plane, int group) {
    Objects.checkIndex(group, shape.groups);
    Objects.checkIndex(plane, shape.planes);
    int in = (int) (row % ROWS);
    long from = row / ROWS * shape.stride() + shape.codesAt() + plane * shape.planeBytes();
    return shape.bits == 8
        ? from + (long) ROWS * group + in
        : from + (long) ROWS / 2 * group + in % (ROWS / 2);
  }

  /** Sets a term of a row, for loops over its first {@code scanned} planes. */
  public void term(long row, int scanned, Term term, float value) {
    memory.set(Panels.FLOAT, termAt(row, scanned, term), value);
  }

  /** A term of a row, for loops over its first {@code scanned} planes. */
  public float term(long row, int scanned, Term term) {
    return memory.get(Panels.FLOAT, termAt(row, scanned, term));
  }

  private long termAt(long row, int scanned, Term term) {
    requirePlanes(scanned);
    Objects.checkIndex(term.place, shape.terms);
    return row / ROWS * shape.stride() + shape.termsAt(scanned) + term.offset((int) (row % ROWS));
  }

  /**
   * Checks that a loop stays within the blocks, and that it looks at one plane or at all.
   *
   * @param first block
   * @param rows from the first block's first on
   * @param scanned planes that are looked at
   * @return the number of blocks of {@code rows} rows
   */
  public int require(long first, long rows, int scanned) {
    requirePlanes(scanned);
    long count = (rows + ROWS - 1) / ROWS;
    Objects.checkFromIndexSize(first, count, blocks);
    return Math.toIntExact(count);
  }

  private void requirePlanes(int scanned) {
    if (scanned != 1 && scanned != shape.planes) {
      throw new IllegalArgumentException(
          "loops look at one plane or at all: scanned=%d, planes=%d"
              .formatted(scanned, shape.planes));
    }
  }
}
