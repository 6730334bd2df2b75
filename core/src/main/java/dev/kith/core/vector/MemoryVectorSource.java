package dev.kith.core.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * The one implementation over memory: rows at a fixed stride in one off-heap segment, each behind
 * {@code prefix} bytes (0, or 4 in the fvecs family, where every row repeats its dimension).
 *
 * @param data the rows, from the first row's prefix to the last row's end
 * @param fileOffset where {@code data} begins in its file
 * @param stride bytes from one row to the next, prefix included
 */
record MemoryVectorSource(
    String name,
    Arena arena,
    MemorySegment data,
    long fileOffset,
    long size,
    int dimension,
    ElementType elementType,
    int prefix,
    long stride)
    implements VectorSource {

  /** Alignment of memory that we lay out ourselves: one cache line. */
  private static final int ALIGNMENT = 64;

  /** Allocates zeroed memory for rows without gaps, owned by the source. */
  @SuppressWarnings("MustBeClosedChecker") // the source owns the arena
  static MemoryVectorSource allocate(long size, int dimension, ElementType type) {
    requireDimension(dimension);
    var arena = Arena.ofShared();
    try {
      return allocate(arena, size, dimension, type);
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  /** Allocates zeroed memory for rows without gaps, in an arena of the caller's. */
  static MemoryVectorSource allocate(Arena arena, long size, int dimension, ElementType type) {
    requireDimension(dimension);
    long stride = (long) dimension * type.bytes();
    var data = arena.allocate(Math.max(size * stride, 1), ALIGNMENT);
    return new MemoryVectorSource("memory", arena, data, 0, size, dimension, type, 0, stride);
  }

  private static void requireDimension(int dimension) {
    if (dimension < 1 || dimension > MAX_DIMENSION) {
      throw new IllegalArgumentException(
          "a vector has 1 to %d elements: %d".formatted(MAX_DIMENSION, dimension));
    }
  }

  @Override
  public VectorBlock block(long first, int rows) {
    Objects.checkFromIndexSize(first, rows, size);
    if (prefix > 0) {
      requirePrefixes(first, rows);
    }
    // Not up to the next row: the last row of a file has nothing behind it.
    long length = rows == 0 ? 0 : (rows - 1) * stride + (long) dimension * elementType.bytes();
    return new VectorBlock(
        first, rows, dimension, elementType, data.asSlice(first * stride + prefix, length), stride);
  }

  private void requirePrefixes(long first, int rows) {
    for (long row = first; row < first + rows; row++) {
      int found = data.get(ElementType.INT, row * stride);
      if (found != dimension) {
        throw new VectorDataException(
            "every row must have the first row's dimension: file=%s, offset=%d, row=%d, expected=%d, found=%d; the file is damaged or mixes dimensions"
                .formatted(name, fileOffset + row * stride, row, dimension, found));
      }
    }
  }

  @Override
  public long offsetOf(long row, int element) {
    return fileOffset + row * stride + prefix + (long) element * elementType.bytes();
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
