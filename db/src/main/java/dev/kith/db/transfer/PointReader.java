package dev.kith.db.transfer;

import dev.kith.db.point.Point;
import dev.kith.db.point.Schema;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Points, one after another, from a file or from wherever they come. Not safe for many threads. */
public interface PointReader extends Closeable {
  /** Endings of files of points. */
  String ENDINGS = ".jsonl, .jsonl.gz, .parquet, .npy, .fvecs or .bvecs";

  /**
   * The next point, or null after the last.
   *
   * @throws TransferException if there is something else; reading on is not possible then
   */
  @Nullable Point next();

  /** Where the point read last stands, such as {@code articles.jsonl line 17}. */
  String place();

  /** How many points there are in all, if that is known beforehand. */
  default OptionalLong size() {
    return OptionalLong.empty();
  }

  /** Opens a file; see {@link #open(Path, Schema, OptionalLong)}. */
  static PointReader open(Path file, Schema schema) throws IOException {
    return open(file, schema, OptionalLong.empty());
  }

  /**
   * Opens a file by its ending: JSON lines, Parquet, or vectors ({@code .npy}, {@code .fvecs},
   * {@code .bvecs}), whose ids and payloads stand in a file of the same name that ends in {@code
   * .ids.jsonl}. Where there is none, ids are row numbers.
   *
   * @param schema of the collection that the points are for
   * @param firstId for files of vectors: ids are row numbers counted from here, whatever files
   *     there are beside
   * @throws TransferException if the file is none of these
   */
  static PointReader open(Path file, Schema schema, OptionalLong firstId) throws IOException {
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".jsonl") || name.endsWith(".jsonl.gz")) {
      return new JsonPoints(file, schema);
    }
    if (name.endsWith(".npy") || name.endsWith(".fvecs") || name.endsWith(".bvecs")) {
      return VectorPoints.open(file, schema, firstId);
    }
    if (name.endsWith(".parquet")) {
      return parquet(file, schema);
    }
    throw new TransferException(
        "points are read from files that end in %s: file=%s".formatted(ENDINGS, file));
  }

  private static PointReader parquet(Path file, Schema schema) throws IOException {
    try {
      return ParquetPoints.open(file, schema);
    } catch (NoClassDefFoundError e) {
      throw new TransferException(
          "Parquet is read by dev.hardwood:hardwood-core, which is not there: file=%s; add it to the class path"
              .formatted(file),
          e);
    }
  }
}
