package dev.kith.core.vector;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The bin files of DiskANN and of the billion-scale benchmarks: int32 rows, int32 dimension, then
 * the rows without gaps, all little-endian. What type the elements have is told by the name alone,
 * {@code .fbin}, {@code .u8bin} or {@code .i8bin}, or not at all.
 */
final class BinFormat {
  private static final int HEADER = 8;

  private BinFormat() {}

  static VectorSource open(Path path, ElementType type) throws IOException {
    return MappedFile.open(path, file -> read(file, type));
  }

  private static VectorSource read(MappedFile file, ElementType type) {
    long length = file.bytes().byteSize();
    if (length < HEADER) {
      throw file.damaged(
          "a bin file starts with the numbers of rows and elements",
          0,
          HEADER + " bytes",
          length + " bytes",
          "the file is cut short; copy it again");
    }
    int rows = file.bytes().get(ElementType.INT, 0);
    int dimension = file.bytes().get(ElementType.INT, 4);
    if (rows < 0) {
      throw file.damaged("the number of rows must be in range", 0, "0 or more", rows, "damaged?");
    }
    if (dimension < 1 || dimension > VectorSource.MAX_DIMENSION) {
      throw file.damaged(
          "the dimension must be in range",
          4,
          "1 to " + VectorSource.MAX_DIMENSION,
          dimension,
          "is it another format?");
    }
    long stride = (long) dimension * type.bytes();
    if (length != HEADER + rows * stride) {
      throw file.damaged(
          "the file must be as long as %d rows of %d %s elements".formatted(rows, dimension, type),
          0,
          HEADER + rows * stride + " bytes",
          length + " bytes",
          "the file is cut short, or its elements are of another type");
    }
    return new MemoryVectorSource(
        file.path().toString(),
        file.arena(),
        file.bytes().asSlice(HEADER),
        rows,
        dimension,
        type,
        new MemoryVectorSource.Layout(HEADER, 0, stride));
  }
}
