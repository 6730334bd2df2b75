package dev.kith.core.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;

/**
 * {@code size()} rows of {@code dimension()} elements each. Rows are read in place, a block at a
 * time; a source may be larger than 2 GiB and larger than the heap.
 *
 * <p>Safe for many threads. Reading after {@link #close()} throws {@link IllegalStateException}.
 */
public interface VectorSource extends AutoCloseable {

  /** The most elements that a row may have; error bounds are proved up to here. */
  int MAX_DIMENSION = 65_536;

  /** Name of where the rows come from, for messages: a file name, or {@code memory}. */
  String name();

  /** Number of rows. */
  long size();

  /** Elements a row, 1 to {@link #MAX_DIMENSION}. */
  int dimension();

  /** How an element is stored. */
  ElementType elementType();

  /**
   * Rows {@code first} to {@code first + rows - 1}, without copying.
   *
   * @throws IndexOutOfBoundsException if those rows are not all in this source
   * @throws VectorDataException if the file contradicts itself there
   */
  VectorBlock block(long first, int rows);

  /** Byte offset of an element in the file behind this source; in memory, from its start. */
  long offsetOf(long row, int element);

  @Override
  void close();

  /** Streams the source in blocks of at most {@code rowsPerBlock} rows. */
  default Iterable<VectorBlock> blocks(int rowsPerBlock) {
    if (rowsPerBlock < 1) {
      throw new IllegalArgumentException("rowsPerBlock must be at least 1: " + rowsPerBlock);
    }
    return () ->
        new Iterator<>() {
          private long next;

          @Override
          public boolean hasNext() {
            return next < size();
          }

          @Override
          public VectorBlock next() {
            if (!hasNext()) {
              throw new NoSuchElementException();
            }
            var block = block(next, (int) Math.min(rowsPerBlock, size() - next));
            next += block.rows();
            return block;
          }
        };
  }

  /** Float32 copy of one row. */
  default float[] row(long row) {
    var copy = new float[dimension()];
    block(row, 1).decodeRow(0, copy, 0);
    return copy;
  }

  /**
   * Checks, by reading every element once, that all are finite.
   *
   * @throws VectorDataException naming the first NaN or infinite element
   */
  default void requireFinite() {
    if (elementType() == ElementType.INT8 || elementType() == ElementType.UINT8) {
      return;
    }
    var values = new float[dimension()];
    for (var block : blocks(1024)) {
      for (int i = 0; i < block.rows(); i++) {
        block.decodeRow(i, values, 0);
        VectorDataException.requireFinite(this, block.firstRow() + i, values);
      }
    }
  }

  /** Copies rows into memory of its own; {@code rows[i]} all have the same length. */
  static VectorSource of(float[]... rows) {
    if (rows.length == 0) {
      throw new IllegalArgumentException("no rows, so no dimension: give at least one");
    }
    var target = MemoryVectorSource.allocate(rows.length, rows[0].length, ElementType.FLOAT32);
    for (int i = 0; i < rows.length; i++) {
      if (rows[i].length != rows[0].length) {
        throw new IllegalArgumentException(
            "rows must have one length: row 0 has %d elements, row %d has %d"
                .formatted(rows[0].length, i, rows[i].length));
      }
      MemorySegment.copy(
          rows[i], 0, target.data(), ElementType.FLOAT, i * target.stride(), rows[i].length);
    }
    return target;
  }

  /** One row, copied; needs no closing. */
  static VectorSource single(float[] row) {
    var one = MemoryVectorSource.allocate(Arena.ofAuto(), 1, row.length, ElementType.FLOAT32);
    MemorySegment.copy(row, 0, one.data(), ElementType.FLOAT, 0, row.length);
    return one.slice(0, 1); // whose close does nothing
  }

  /** Copies rows of 16-bit floats, {@code bits[size * dimension]}, as FLOAT16 or BFLOAT16. */
  static VectorSource of(short[] bits, int dimension, ElementType type) {
    if (type.bytes() != 2) {
      throw new IllegalArgumentException("shorts hold FLOAT16 or BFLOAT16 rows, not " + type);
    }
    requireWholeRows(bits.length, dimension);
    var target = MemoryVectorSource.allocate(bits.length / dimension, dimension, type);
    MemorySegment.copy(bits, 0, target.data(), ElementType.SHORT, 0, bits.length);
    return target;
  }

  /** Copies rows of bytes, {@code bytes[size * dimension]}, as INT8 or UINT8. */
  static VectorSource of(byte[] bytes, int dimension, ElementType type) {
    if (type.bytes() != 1) {
      throw new IllegalArgumentException("bytes hold INT8 or UINT8 rows, not " + type);
    }
    requireWholeRows(bytes.length, dimension);
    var target = MemoryVectorSource.allocate(bytes.length / dimension, dimension, type);
    MemorySegment.copy(bytes, 0, target.data(), ValueLayout.JAVA_BYTE, 0, bytes.length);
    return target;
  }

  /**
   * Rows in memory of the caller's, in place; closing the source does nothing.
   *
   * @param data off-heap; row {@code r} is at {@code r * stride} bytes
   */
  static VectorSource over(
      MemorySegment data, long stride, long size, int dimension, ElementType type) {
    return over("memory", data, 0, stride, size, dimension, type);
  }

  /**
   * Rows in a part of a file that the caller has mapped, in place; closing the source does nothing.
   * They can be read as long as {@code data} can, and reading them later throws as that does.
   *
   * @param name of the file, for messages
   * @param data off-heap; row {@code r} is at {@code r * stride} bytes
   * @param fileOffset where {@code data} begins in the file, for messages
   */
  static VectorSource over(
      String name,
      MemorySegment data,
      long fileOffset,
      long stride,
      long size,
      int dimension,
      ElementType type) {
    return new MemoryVectorSource(
            name,
            Arena.global(),
            MappedFile.plain(data),
            size,
            dimension,
            type,
            new MemoryVectorSource.Layout(fileOffset, 0, stride))
        .slice(0, size);
  }

  private static void requireWholeRows(int elements, int dimension) {
    if (dimension < 1 || elements % dimension != 0) {
      throw new IllegalArgumentException(
          "the array must hold whole rows: elements=%d, dimension=%d"
              .formatted(elements, dimension));
    }
  }

  /**
   * Rows {@code first} to {@code first + rows - 1} of this source, in place; closing it does
   * nothing.
   */
  default VectorSource slice(long first, long rows) {
    Objects.checkFromIndexSize(first, rows, size());
    return new SlicedVectorSource(this, first, rows);
  }
}
