package dev.kith.db.transfer;

import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorFiles;
import dev.kith.core.vector.VectorSource;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Points of a file of vectors, with ids and payloads in a file of JSON lines, or row numbers. */
final class VectorPoints implements PointReader {
  private final Path file;
  private final VectorSource rows;
  private final @Nullable Path linesFile;
  private final @Nullable JsonPoints lines;
  private final long firstId;
  private final String vector;
  private long row = -1;

  private VectorPoints(
      Path file,
      VectorSource rows,
      @Nullable Path linesFile,
      @Nullable JsonPoints lines,
      long firstId,
      String vector) {
    this.file = file;
    this.rows = rows;
    this.linesFile = linesFile;
    this.lines = lines;
    this.firstId = firstId;
    this.vector = vector;
  }

  static VectorPoints open(Path file, Schema schema, OptionalLong firstId) throws IOException {
    var rows = VectorFiles.open(file);
    try {
      var linesFile = linesBeside(file);
      boolean named = firstId.isEmpty() && Files.isRegularFile(linesFile);
      return new VectorPoints(
          file,
          rows,
          named ? linesFile : null,
          named ? new JsonPoints(linesFile, schema) : null,
          firstId.orElse(0),
          JsonPoints.onlyVector(schema));
    } catch (IOException | RuntimeException e) {
      rows.close();
      throw e;
    }
  }

  /** The file of ids and payloads that belongs to a file of vectors. */
  static Path linesBeside(Path file) {
    String name = String.valueOf(file.getFileName());
    return file.resolveSibling(name.substring(0, name.lastIndexOf('.')) + ".ids.jsonl");
  }

  @Override
  public @Nullable Point next() {
    var named = lines;
    if (row + 1 == rows.size()) {
      if (named != null && named.next() != null) {
        throw new TransferException(
            "%s: there must be as many lines as rows: %s has %d"
                .formatted(named.place(), file, rows.size()));
      }
      return null;
    }
    row++;
    if (named == null) {
      return new Point(PointId.of(firstId + row), Map.of(vector, vector()), Payload.EMPTY);
    }
    var line = named.next();
    if (line == null) {
      throw new TransferException(
          "%s: there must be as many lines as rows: %s has %d".formatted(place(), linesFile, row));
    }
    if (!line.vectors().isEmpty()) {
      throw new TransferException(
          "%s: a line may have no vector, since %s has it".formatted(named.place(), file));
    }
    return new Point(line.id(), Map.of(vector, vector()), line.payload());
  }

  private float[] vector() {
    try {
      return rows.row(row);
    } catch (VectorDataException e) {
      throw new TransferException("%s: %s".formatted(place(), e.getMessage()), e);
    }
  }

  @Override
  public String place() {
    return "%s row %d".formatted(file, row);
  }

  @Override
  public OptionalLong size() {
    return OptionalLong.of(rows.size());
  }

  @Override
  public void close() throws IOException {
    rows.close();
    if (lines != null) {
      lines.close();
    }
  }
}
