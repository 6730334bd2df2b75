package dev.kith.core.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * The one implementation over memory: rows at a fixed stride in one off-heap segment, each behind
 * {@code prefix} bytes (0, or 4 in the fvecs family, where every row repeats its dimension).
 *
 * @param data the rows, from the first row's prefix to the last row's end
 */
record MemoryVectorSource(
    String name,
    Arena arena,
    MemorySegment data,
    long size,
    int dimension,
    ElementType elementType,
    Layout layout)
    implements VectorSource {

  /**
   * Where rows lie.
   *
   * @param fileOffset where the data begin in their file
   * @param prefix bytes before the elements of a row: 0, or 4 that repeat the dimension
   * @param stride bytes from one row to the next, prefix included
   */
  record Layout(long fileOffset, int prefix, long stride) {}

  /** Bytes from one row to the next. */
  long stride() {
    return layout.stride;
  }

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
    return new MemoryVectorSource(
        "memory", arena, data, size, dimension, type, new Layout(0, 0, stride));
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
    int prefix = layout.prefix;
    long stride = layout.stride;
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
      long at = row * layout.stride;
      int found = data.get(ElementType.INT, at);
      if (found != dimension) {
        throw new VectorDataException(
            "every row must have the first row's dimension: file=%s, offset=%d, row=%d, expected=%d, found=%d; the file is damaged or mixes dimensions"
                .formatted(name, layout.fileOffset + at, row, dimension, found));
      }
    }
  }

  @Override
  public long offsetOf(long row, int element) {
    return layout.fileOffset
        + row * layout.stride
        + layout.prefix
        + (long) element * elementType.bytes();
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
