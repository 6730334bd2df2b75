package dev.kith.core.vector;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * Writes rows one after another to a {@code .npy}, {@code .fvecs} or {@code .bvecs} file. The rows
 * go to a file beside it; {@link #commit()} completes that, forces it to disk and renames it, so
 * that the target is the old file or the whole new one, never a part. Not safe for many threads.
 */
public final class VectorWriter implements Closeable {
  private final Path target;
  private final int dimension;
  private final ElementType type;
  private final boolean npy;
  private final WholeFile file;
  private final ByteBuffer buffer;

  /** Buffer of one float32 row in the file's byte order. */
  private final ByteBuffer little;

  private long rows;

  private VectorWriter(Path target, int dimension, ElementType type) throws IOException {
    this.target = target;
    this.dimension = dimension;
    this.type = type;
    this.npy =
        switch (VectorFiles.extension(target)) {
          case "npy" -> true;
          case "fvecs" -> requireType(ElementType.FLOAT32);
          case "bvecs" -> requireType(ElementType.UINT8);
          default -> throw VectorFiles.unknownExtension(target);
        };
    if (dimension < 1 || dimension > VectorSource.MAX_DIMENSION) {
      throw new IllegalArgumentException(
          "a vector has 1 to %d elements: %d".formatted(VectorSource.MAX_DIMENSION, dimension));
    }
    int rowBytes = VecsFormat.PREFIX + dimension * type.bytes();
    this.buffer =
        ByteBuffer.allocateDirect(Math.max(1 << 16, rowBytes)).order(ByteOrder.LITTLE_ENDIAN);
    this.little = ByteBuffer.allocate(dimension * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    if (npy) {
      buffer.put(NpyFormat.header(0, dimension, type));
    }
    this.file = new WholeFile(target); // last: what fails before leaves no trace
  }

  /** Checks that the format can hold this writer's type; returns {@code false}, for "not npy". */
  private boolean requireType(ElementType only) {
    if (type != only) {
      throw new IllegalArgumentException(
          "this format holds %s alone: file=%s, type=%s; use .npy".formatted(only, target, type));
    }
    return false;
  }

  /** Starts a file of float32 rows. */
  public static VectorWriter create(Path target, int dimension) throws IOException {
    return create(target, dimension, ElementType.FLOAT32);
  }

  /** Starts a file of rows of {@code type}. */
  public static VectorWriter create(Path target, int dimension, ElementType type)
      throws IOException {
    return new VectorWriter(target, dimension, type);
  }

  /** Writes a whole source, its element type kept. */
  public static void write(Path target, VectorSource source) throws IOException {
    try (var writer = create(target, source.dimension(), source.elementType())) {
      for (var block : source.blocks(1024)) {
        writer.append(block);
      }
      writer.commit();
    }
  }

  /** Appends a float32 row. */
  public void append(float[] row) throws IOException {
    if (type != ElementType.FLOAT32 || row.length != dimension) {
      throw new IllegalArgumentException(
          "the row must fit the file: file=%s, expected=%d x %s, found=%d x FLOAT32"
              .formatted(target, dimension, type, row.length));
    }
    little.asFloatBuffer().put(row);
    append(MemorySegment.ofBuffer(little), 0);
  }

  /** Appends rows of this writer's type, bytes unchanged. */
  public void append(VectorBlock block) throws IOException {
    if (type != block.elementType() || block.dimension() != dimension) {
      throw new IllegalArgumentException(
          "the rows must fit the file: file=%s, expected=%d x %s, found=%d x %s"
              .formatted(target, dimension, type, block.dimension(), block.elementType()));
    }
    for (int i = 0; i < block.rows(); i++) {
      append(block.data(), i * block.stride());
    }
  }

  private void append(MemorySegment source, long offset) throws IOException {
    if (!file.isOpen()) {
      throw new IllegalStateException("the file is committed or closed: " + target);
    }
    int bytes = dimension * type.bytes();
    if (buffer.remaining() < VecsFormat.PREFIX + bytes) {
      file.append(buffer);
    }
    int prefix = npy ? 0 : VecsFormat.PREFIX;
    int at = buffer.position();
    // First what may fail, so that a failed row leaves no trace.
    MemorySegment.copy(source, offset, MemorySegment.ofBuffer(buffer), prefix, bytes);
    if (!npy) {
      buffer.putInt(at, dimension);
    }
    buffer.position(at + prefix + bytes);
    rows++;
  }

  /** Rows appended so far. */
  public long rows() {
    return rows;
  }

  /** Makes the file complete and durable under its name; nothing may be appended afterwards. */
  public void commit() throws IOException {
    file.append(buffer);
    if (npy) {
      file.overwriteStart(ByteBuffer.wrap(NpyFormat.header(rows, dimension, type)));
    }
    file.commit();
  }

  /** Closes the file; unless it was committed, removes what was written. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
