package dev.kith.core.vector;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The fvecs family of the TEXMEX data sets: every row is an int32 dimension {@code d}, the same in
 * all rows, then {@code d} elements, all little-endian; no header, no footer.
 */
final class VecsFormat {
  static final int PREFIX = Integer.BYTES;

  private VecsFormat() {}

  static VectorSource open(Path path, ElementType type) throws IOException {
    return MappedFile.open(path, file -> read(file, type));
  }

  private static VectorSource read(MappedFile file, ElementType type) {
    long length = file.bytes().byteSize();
    if (length < PREFIX) {
      throw file.damaged(
          "a vecs file starts with its first row's dimension",
          0,
          PREFIX + " bytes",
          length + " bytes",
          "an empty file has no dimension; use .npy for no rows");
    }
    int dimension = file.bytes().get(ElementType.INT, 0);
    if (dimension < 1 || dimension > VectorSource.MAX_DIMENSION) {
      throw file.damaged(
          "the dimension must be in range",
          0,
          "1 to " + VectorSource.MAX_DIMENSION,
          dimension,
          "is it another format?");
    }
    long stride = PREFIX + (long) dimension * type.bytes();
    if (length % stride != 0) {
      throw file.damaged(
          "the file must hold whole rows",
          length - length % stride,
          "rows of %d bytes".formatted(stride),
          "%d bytes after row %d".formatted(length % stride, length / stride),
          "the file is cut short or damaged; copy it again");
    }
    return new MemoryVectorSource(
        file.path().toString(),
        file.arena(),
        file.bytes(),
        length / stride,
        dimension,
        type,
        new MemoryVectorSource.Layout(0, PREFIX, stride));
  }
}
