package dev.kith.core.search;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.Objects;
import java.util.function.LongPredicate;

/**
 * Which rows of a source a search may return: one bit a row, off-heap, so that every backend reads
 * the same memory. Immutable; safe for many threads.
 */
public final class RowFilter {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private final MemorySegment bits;
  private final long size;
  private final long count;

  private RowFilter(MemorySegment bits, long size) {
    this.bits = bits;
    this.size = size;
    long set = 0;
    for (long at = 0; at < bits.byteSize(); at += Long.BYTES) {
      set += Long.bitCount(bits.get(WORD, at));
    }
    this.count = set;
  }

  /** Of {@code size} rows those that {@code allowed} accepts. */
  public static RowFilter of(long size, LongPredicate allowed) {
    var bits = zeros(size);
    for (long word = 0; word << 6 < size; word++) {
      long value = 0;
      for (long row = word << 6; row < Math.min(size, (word + 1) << 6); row++) {
        value |= allowed.test(row) ? 1L << row : 0; // a shift counts modulo 64
      }
      bits.set(WORD, word * Long.BYTES, value);
    }
    return new RowFilter(bits, size);
  }

  /** Of {@code size} rows those whose bits are set; later bits are refused. */
  public static RowFilter of(long size, BitSet allowed) {
    return of(size, allowed.toLongArray());
  }

  /**
   * Of {@code size} rows those whose bits are set, row {@code r} being bit {@code r % 64} of word
   * {@code r / 64}; later bits are refused, words that are missing let nothing through. The words
   * are copied.
   */
  public static RowFilter of(long size, long[] words) {
    var bits = zeros(size);
    int used = (int) Math.min(words.length, (size + 63) >>> 6);
    for (int i = words.length - 1; i >= Math.max(used - 1, 0); i--) {
      long highest = ((long) i << 6) + 63 - Long.numberOfLeadingZeros(words[i]);
      if (words[i] != 0 && highest >= size) {
        throw new IllegalArgumentException(
            "a filter names rows of its source alone: rows=%d, highest bit=%d"
                .formatted(size, highest));
      }
    }
    MemorySegment.copy(words, 0, bits, WORD, 0, used);
    return new RowFilter(bits, size);
  }

  /** Whole blocks of 64 bits, at least one. */
  private static MemorySegment zeros(long size) {
    if (size < 0) {
      throw new IllegalArgumentException("a filter has 0 rows or more: " + size);
    }
    return Arena.ofAuto().allocate(Math.max((size + 63) >>> 6, 1) * Long.BYTES, Long.BYTES);
  }

  /** Rows of the source that it filters. */
  public long size() {
    return size;
  }

  /** How many rows it lets through. */
  public long count() {
    return count;
  }

  /** Whether that row may be returned. */
  public boolean allows(long row) {
    Objects.checkIndex(row, size);
    return (bits.get(WORD, row >>> 6 << 3) >>> row & 1) != 0;
  }

  /** Whether any of {@code length} rows may be returned; both are multiples of 64. */
  public boolean allowsAny(long first, long length) {
    for (long at = first >>> 6; at << 6 < Math.min(first + length, size); at++) {
      if (bits.get(WORD, at << 3) != 0) {
        return true;
      }
    }
    return false;
  }

  /**
   * How many of {@code length} rows may be returned.
   *
   * @param first a multiple of 64
   */
  public long count(long first, long length) {
    long end = Math.min(first + length, size);
    long set = 0;
    for (long at = first >>> 6; at << 6 < end; at++) {
      long word = bits.get(WORD, at << 3);
      long rest = end - (at << 6);
      set += Long.bitCount(rest < Long.SIZE ? word & (-1L >>> -rest) : word);
    }
    return set;
  }

  /**
   * Lists the rows of a block that may be returned.
   *
   * @param first a multiple of 64
   * @param length rows of the block; those past {@link #size} are none
   * @param picked {@code [>= length]}; receives rows, counted from {@code first}, ascending
   * @return how many
   */
  public int pick(long first, int length, int[] picked) {
    int n = 0;
    int end = (int) Math.min(length, size - first);
    for (int at = 0; at < end; at += Long.SIZE) {
      long word = bits.get(WORD, (first + at) >>> 6 << 3);
      if (end - at < Long.SIZE) {
        word &= -1L >>> (Long.SIZE - (end - at));
      }
      for (; word != 0; word &= word - 1) {
        picked[n++] = at + Long.numberOfTrailingZeros(word);
      }
    }
    return n;
  }

  /**
   * The part of it for rows {@code first} to {@code first + length - 1}, which become 0 to {@code
   * length - 1}; in place.
   *
   * @param first a multiple of 64
   */
  public RowFilter slice(long first, long length) {
    Objects.checkFromIndexSize(first, length, size);
    if (first % Long.SIZE != 0) {
      throw new IllegalArgumentException("a part of a filter begins at a multiple of 64: " + first);
    }
    if (length == 0) {
      return new RowFilter(zeros(0), 0);
    }
    long words = (length + 63) >>> 6;
    var part = bits.asSlice(first >>> 3, words * Long.BYTES);
    if (length % Long.SIZE == 0 || first + length == size) {
      return new RowFilter(part, length);
    }
    var copy = zeros(length); // the last word holds bits that are not this part's
    MemorySegment.copy(part, 0, copy, 0, words * Long.BYTES);
    long last = (words - 1) * Long.BYTES;
    copy.set(WORD, last, copy.get(WORD, last) & (-1L >>> -length));
    return new RowFilter(copy, length);
  }

  /**
   * The bits, read-only: row {@code r} is bit {@code r % 8} of byte {@code r / 8}; zeros up to a
   * multiple of 64.
   */
  public MemorySegment bits() {
    return bits.asReadOnly();
  }
}
