package dev.kith.db.transfer;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import dev.kith.core.vector.VectorWriter;
import dev.kith.core.vector.WholeFile;
import dev.kith.db.CollectionReader;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.Point;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes the points of one moment to a file, in the order of their ids, as a whole or not at all;
 * {@link PointReader} reads it again.
 */
public final class PointExport {
  /** Endings of files that are written. */
  public static final String ENDINGS = ".jsonl, .npy or .fvecs";

  private PointExport() {}

  /**
   * Writes points, by the file's ending: {@code .jsonl} holds all that they are; {@code .npy} and
   * {@code .fvecs} hold vectors as float32, with ids and payloads in a file of the same name that
   * ends in {@code .ids.jsonl}.
   *
   * @param filter that points must pass, or null for all
   * @param progress told how many were written, after each
   * @return how many there were
   * @throws TransferException if the ending is another, or if the points cannot be rows of a file
   *     of vectors: the schema must name one vector, and every point must have it
   */
  public static long run(
      CollectionReader points, @Nullable Filter filter, Path file, LongConsumer progress)
      throws IOException {
    String name = file.toString().toLowerCase(Locale.ROOT);
    try {
      if (name.endsWith(".jsonl")) {
        return lines(points, filter, file, progress);
      }
      if (name.endsWith(".npy") || name.endsWith(".fvecs")) {
        return vectors(points, filter, file, progress);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    throw new TransferException(
        "points are written to files that end in %s: file=%s".formatted(ENDINGS, file));
  }

  private static long lines(
      CollectionReader points, @Nullable Filter filter, Path file, LongConsumer progress)
      throws IOException {
    try (var lines = new PointLines(file, points, true)) {
      var count = new Count(progress);
      points.forEach(filter, count.after(lines::write));
      lines.commit();
      return count.points;
    }
  }

  private static long vectors(
      CollectionReader points, @Nullable Filter filter, Path file, LongConsumer progress)
      throws IOException {
    var names = points.schema().vectors();
    if (names.size() != 1) {
      throw new TransferException(
          "a file of vectors takes a collection with one vector a point: the collection has %s; write .jsonl"
              .formatted(names.isEmpty() ? "none" : String.join(", ", names.keySet())));
    }
    String name = names.keySet().iterator().next();
    int dimension = points.schema().vector(name).dimension();
    if (file.toString().toLowerCase(Locale.ROOT).endsWith(".fvecs") && points.count(filter) == 0) {
      throw new TransferException(
          "a .fvecs file cannot be empty, and no point passes: file=%s; write .npy or .jsonl"
              .formatted(file));
    }
    try (var lines = new PointLines(VectorPoints.linesBeside(file), points, false);
        var rows = VectorWriter.create(file, dimension)) {
      var count = new Count(progress);
      points.forEach(
          filter,
          count.after(
              point -> {
                var vector = point.vector(name);
                if (vector == null) {
                  throw new TransferException(
                      "a file of vectors takes points that all have one: point=%s has no vector '%s'; write .jsonl, or leave it out by a filter"
                          .formatted(point.id(), name));
                }
                rows.append(vector);
                lines.write(point);
              }));
      lines.commit();
      rows.commit(); // last: with the rows, their ids are there
      return count.points;
    }
  }

  private interface Writing {
    void write(Point point) throws IOException;
  }

  /** Counts what was written. */
  private static final class Count {
    private final LongConsumer progress;
    private long points;

    Count(LongConsumer progress) {
      this.progress = progress;
    }

    Consumer<Point> after(Writing writing) {
      return point -> {
        try {
          writing.write(point);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        progress.accept(++points);
      };
    }
  }

  /** A file of JSON lines that is written. */
  private static final class PointLines implements AutoCloseable {
    private static final int BUFFER = 1 << 16;
    private static final int NEWLINE = '\n';

    private final CollectionReader points;
    private final boolean withVectors;
    private final WholeFile file;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    private final JsonGenerator json;

    PointLines(Path path, CollectionReader points, boolean withVectors) throws IOException {
      this.points = points;
      this.withVectors = withVectors;
      this.file = new WholeFile(path);
      this.json = PointJson.MAPPER.createGenerator(new Buffered());
      json.setPrettyPrinter(new MinimalPrettyPrinter(""));
    }

    private final class Buffered extends OutputStream {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int count) throws IOException {
        for (int done = 0; done < count; ) {
          if (!buffer.hasRemaining()) {
            file.append(buffer);
          }
          int part = Math.min(count - done, buffer.remaining());
          buffer.put(bytes, from + done, part);
          done += part;
        }
      }
    }

    void write(Point point) throws IOException {
      PointJson.write(json, point, points.schema(), withVectors);
      json.writeRaw((char) NEWLINE);
    }

    void commit() throws IOException {
      json.flush();
      file.append(buffer);
      file.commit();
    }

    /** Without {@link #commit}, removes what was written. */
    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
