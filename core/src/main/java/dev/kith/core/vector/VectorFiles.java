package dev.kith.core.vector;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Opens vector files by their extension: {@code .npy} (NumPy, C order, little-endian, f4 f2 i1 u1),
 * {@code .fvecs} and {@code .bvecs} (each row an int32 dimension, then its elements: float32 or
 * unsigned bytes), {@code .fbin}, {@code .u8bin} and {@code .i8bin} (int32 rows, int32 dimension,
 * then all elements). Files are mapped, not read: opening checks header and length, and rows are
 * checked as they are reached. While a file is mapped, replace it by renaming a new one over it, as
 * {@link VectorWriter} does; cutting it short in place can end the process. Layouts byte by byte:
 * {@code docs/formats/vector-files.md}.
 */
public final class VectorFiles {

  private VectorFiles() {}

  /**
   * Maps a file of vectors.
   *
   * @throws VectorDataException if header and length do not fit each other or the format
   * @throws IllegalArgumentException if the extension is none of those above
   * @throws IOException if the file cannot be read
   */
  public static VectorSource open(Path file) throws IOException {
    return switch (extension(file)) {
      case "npy" -> NpyFormat.open(file);
      case "fvecs" -> VecsFormat.open(file, ElementType.FLOAT32);
      case "bvecs" -> VecsFormat.open(file, ElementType.UINT8);
      case "fbin" -> BinFormat.open(file, ElementType.FLOAT32);
      case "u8bin" -> BinFormat.open(file, ElementType.UINT8);
      case "i8bin" -> BinFormat.open(file, ElementType.INT8);
      case "ivecs" ->
          throw new IllegalArgumentException(
              "ivecs holds row numbers, not vectors: file=%s; expected .npy, .fvecs or .bvecs"
                  .formatted(file));
      default -> throw unknownExtension(file);
    };
  }

  /**
   * Maps a bin file of elements of {@code type}, whatever its name: DiskANN calls such files {@code
   * .bin} or {@code .data}.
   *
   * @throws VectorDataException if header and length do not fit each other
   * @throws IOException if the file cannot be read
   */
  public static VectorSource openBin(Path file, ElementType type) throws IOException {
    return BinFormat.open(file, type);
  }

  static String extension(Path file) {
    var name = file.getFileName();
    int dot = name == null ? -1 : name.toString().lastIndexOf('.');
    return dot < 0 ? "" : name.toString().substring(dot + 1).toLowerCase(Locale.ROOT);
  }

  static IllegalArgumentException unknownExtension(Path file) {
    return new IllegalArgumentException(
        "vector files end in .npy, .fvecs or .bvecs: file=%s; rename or convert it"
            .formatted(file));
  }
}
