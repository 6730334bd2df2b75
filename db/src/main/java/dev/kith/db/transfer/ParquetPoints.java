package dev.kith.db.transfer;

import static dev.kith.db.transfer.PointJson.ID;
import static dev.kith.db.transfer.PointJson.PAYLOAD;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hardwood.InputFile;
import dev.hardwood.metadata.FileMetaData;
import dev.hardwood.metadata.RowGroup;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.schema.SchemaNode;
import dev.kith.db.json.PayloadJson;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Points of a Parquet file. Only this class and those beside it whose names begin with Parquet know
 * Hardwood, which reads such files.
 */
final class ParquetPoints implements PointReader {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** What Hardwood says of a codec that is not there. */
  private static final Pattern MISSING_CODEC =
      Pattern.compile("Cannot read (\\w+)-compressed Parquet file: .*: ([\\w.-]+:[\\w.-]+)");

  private final Path file;
  private final ParquetFileReader parquet;
  private final ParquetRows rows;
  private final List<SchemaNode> columns;
  private final Map<String, String> vectors;
  private final boolean whole;
  private long row = -1;

  private ParquetPoints(
      Path file,
      ParquetFileReader parquet,
      ParquetRows rows,
      List<SchemaNode> columns,
      Map<String, String> vectors) {
    this.file = file;
    this.parquet = parquet;
    this.rows = rows;
    this.columns = columns;
    this.vectors = vectors;
    this.whole = columns.stream().anyMatch(column -> column.name().equals(PAYLOAD));
  }

  static ParquetPoints open(Path file, Schema schema) throws IOException {
    ParquetFileReader parquet;
    try {
      parquet = ParquetFileReader.open(InputFile.of(file));
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw unreadable(file.toString(), e);
    }
    try {
      var columns = parquet.getFileSchema().getRootNode().children();
      var vectors = vectorColumns(columns, schema);
      requireColumns(file, columns, vectors);
      requireAllRows(file, parquet.getFileMetaData());
      return new ParquetPoints(file, parquet, new ParquetRows(parquet), columns, vectors);
    } catch (TransferException | IOException e) {
      parquet.close();
      throw e;
    } catch (RuntimeException e) { // rows are read ahead
      parquet.close();
      throw unreadable(file.toString(), e);
    }
  }

  /** What Hardwood makes of a damaged file, or of a codec that is not there. */
  private static TransferException unreadable(String place, Exception e) {
    Throwable first = e;
    while (first.getCause() != null) {
      first = first.getCause();
    }
    String reason = first.getMessage() == null ? first.toString() : first.getMessage();
    var codec = MISSING_CODEC.matcher(reason);
    return new TransferException(
        codec.matches()
            ? "%s: is packed with %s, which needs a library that is not there; write it with gzip or zstd, such as pyarrow's write_table(..., compression='zstd'), or add %s to the class path"
                .formatted(place, codec.group(1), codec.group(2))
            : "%s: cannot be read as Parquet: %s"
                .formatted(place, reason.strip().replaceAll("[\\p{Cntrl}\\s]+", " ")),
        e);
  }

  /** Which vector a column is, by the column's name. */
  private static Map<String, String> vectorColumns(List<SchemaNode> columns, Schema schema) {
    var found = new HashMap<String, String>();
    for (var column : columns) {
      String name = column.name();
      if (schema.vectors().containsKey(name)) {
        found.put(name, name);
      } else if (name.equals(PointJson.VECTOR)) {
        found.put(name, JsonPoints.onlyVector(schema));
      }
    }
    return found;
  }

  private static void requireColumns(
      Path file, List<SchemaNode> columns, Map<String, String> vectors) {
    var names = columns.stream().map(SchemaNode::name).toList();
    if (!names.contains(ID)) {
      throw new TransferException(
          "%s: there must be a column 'id': columns=%s".formatted(file, String.join(", ", names)));
    }
    if (vectors.values().stream().distinct().count() < vectors.size()) {
      throw new TransferException(
          "%s: a vector may have one column: columns=%s"
              .formatted(file, String.join(", ", vectors.keySet().stream().sorted().toList())));
    }
    for (var name : names) {
      if (names.contains(PAYLOAD)
          && !name.equals(PAYLOAD)
          && !name.equals(ID)
          && !vectors.containsKey(name)) {
        throw new TransferException(
            "%s: beside 'payload' there may be no other column of payload: column=%s"
                .formatted(file, name));
      }
    }
  }

  /** A damaged footer that forgets groups would else be a file of fewer points, or of none. */
  private static void requireAllRows(Path file, FileMetaData about) throws IOException {
    var groups = about.rowGroups();
    long held = groups.stream().mapToLong(RowGroup::numRows).sum();
    if (held != about.numRows()) {
      throw fewer(file.toString(), about.numRows(), held);
    }
    boolean named = groups.stream().anyMatch(group -> !group.columns().isEmpty());
    long before = named ? 0 : beforeFooter(file);
    if (before > 0) {
      throw new TransferException(
          "%s: a file whose groups have no columns must hold nothing else: bytes=%d; the file is damaged; copy or write it again"
              .formatted(file, before));
    }
  }

  private static TransferException fewer(String place, long expected, long found) {
    return new TransferException(
        "%s: the groups must hold the rows that the file says: expected=%d, found=%d; the file is damaged; copy or write it again"
            .formatted(place, expected, found));
  }

  /** Bytes between the magic at the start and the footer, whose length stands before the end. */
  private static long beforeFooter(Path file) throws IOException {
    try (var in = new RandomAccessFile(file.toFile(), "r")) {
      in.seek(in.length() - 8);
      return in.length() - 12 - Integer.reverseBytes(in.readInt());
    }
  }

  @Override
  public @Nullable Point next() {
    try {
      var read = rows.next();
      if (read == null) {
        long expected = parquet.getFileMetaData().numRows();
        if (row + 1 != expected) {
          throw fewer(place(), expected, row + 1);
        }
        return null;
      }
      row++;
      return point(read);
    } catch (IllegalArgumentException e) {
      throw new TransferException("%s: %s".formatted(place(), e.getMessage()), e);
    } catch (TransferException e) {
      throw e;
    } catch (RuntimeException e) {
      throw unreadable(place(), e);
    }
  }

  private Point point(RowReader read) {
    PointId id = null;
    var found = new HashMap<String, float[]>();
    var payload = Payload.EMPTY;
    var fields = JSON.objectNode();
    for (int i = 0; i < columns.size(); i++) {
      var column = columns.get(i);
      var value = read.isNull(i) ? null : read.getValue(i);
      if (value == null) {
        continue;
      }
      String name = column.name();
      var vector = vectors.get(name);
      if (name.equals(ID)) {
        id = PointJson.id(ParquetValues.json(value, column));
      } else if (vector != null) {
        found.put(vector, ParquetValues.vector(value, column));
      } else if (!whole) {
        fields.set(name, ParquetValues.json(value, column));
      } else {
        payload = payload(ParquetValues.json(value, column));
      }
    }
    if (id == null) {
      throw new IllegalArgumentException("'id' is missing");
    }
    return new Point(id, found, whole ? payload : Payload.ofStored(PayloadJson.of(fields)));
  }

  private static Payload payload(JsonNode node) {
    return node instanceof ObjectNode object
        ? Payload.ofStored(PayloadJson.of(object))
        : Payload.parse(node.asText());
  }

  @Override
  public String place() {
    return "%s row %d".formatted(file, row);
  }

  @Override
  public OptionalLong size() {
    return OptionalLong.of(parquet.getFileMetaData().numRows());
  }

  @Override
  public void close() throws IOException {
    rows.close();
    parquet.close();
  }
}
