package dev.kith.db.transfer;

import static dev.kith.db.transfer.PointJson.ID;
import static dev.kith.db.transfer.PointJson.PAYLOAD;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hardwood.InputFile;
import dev.hardwood.metadata.LogicalType;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqMap;
import dev.hardwood.row.PqStruct;
import dev.hardwood.schema.SchemaNode;
import dev.hardwood.schema.SchemaNode.GroupNode;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Points of a Parquet file; the only class that knows Hardwood, which reads such files. */
final class ParquetPoints implements PointReader {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final Path file;
  private final ParquetFileReader parquet;
  private final RowReader rows;
  private final List<SchemaNode> columns;
  private final Map<String, String> vectors;
  private final boolean whole;
  private long row = -1;

  private ParquetPoints(
      Path file,
      ParquetFileReader parquet,
      RowReader rows,
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
      return new ParquetPoints(file, parquet, parquet.rowReader(), columns, vectors);
    } catch (TransferException e) {
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
    return new TransferException(
        "%s: cannot be read as Parquet: %s"
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

  @Override
  public @Nullable Point next() {
    try {
      if (!rows.hasNext()) {
        return null;
      }
      row++;
      rows.next();
      return point();
    } catch (IllegalArgumentException e) {
      throw new TransferException("%s: %s".formatted(place(), e.getMessage()), e);
    } catch (TransferException e) {
      throw e;
    } catch (RuntimeException e) {
      throw unreadable(place(), e);
    }
  }

  private Point point() {
    PointId id = null;
    var found = new HashMap<String, float[]>();
    var payload = Payload.EMPTY;
    var fields = JSON.objectNode();
    for (int i = 0; i < columns.size(); i++) {
      var column = columns.get(i);
      var value = rows.isNull(i) ? null : rows.getValue(i);
      if (value == null) {
        continue;
      }
      String name = column.name();
      var vector = vectors.get(name);
      if (name.equals(ID)) {
        id = PointJson.id(json(value, column));
      } else if (vector != null) {
        found.put(vector, vector(value, name));
      } else if (!whole) {
        fields.set(name, json(value, column));
      } else {
        payload =
            Payload.parse(value instanceof String text ? text : json(value, column).toString());
      }
    }
    if (id == null) {
      throw new IllegalArgumentException("'id' is missing");
    }
    return new Point(id, found, whole ? payload : Payload.of(fields));
  }

  private static float[] vector(Object value, String column) {
    if (!(value instanceof PqList list)) {
      throw noVector(column);
    }
    var vector = new float[list.size()];
    int at = 0;
    for (Object element : list.values()) {
      if (!(element instanceof Number number)) {
        throw noVector(column);
      }
      vector[at++] = number.floatValue();
    }
    return vector;
  }

  private static IllegalArgumentException noVector(String column) {
    return new IllegalArgumentException("'%s' must be a list of numbers".formatted(column));
  }

  private static JsonNode json(@Nullable Object value, SchemaNode node) {
    return switch (value) {
      case null -> JSON.nullNode();
      case Boolean truth -> JSON.booleanNode(truth);
      case Integer number ->
          isUnsigned(node)
              ? JSON.numberNode(Integer.toUnsignedLong(number))
              : JSON.numberNode(number);
      case Long number ->
          number < 0 && isUnsigned(node)
              ? JSON.numberNode(new BigInteger(Long.toUnsignedString(number)))
              : JSON.numberNode(number);
      case Float number -> JSON.numberNode(finite(number.toString(), node));
      case Double number -> JSON.numberNode(finite(number.toString(), node));
      case BigDecimal number -> JSON.numberNode(number);
      case String text -> JSON.textNode(text);
      case UUID uuid -> JSON.textNode(uuid.toString());
      case LocalDate date -> JSON.textNode(date.toString());
      case LocalTime time -> JSON.textNode(time.toString());
      case Instant instant -> JSON.textNode(instant.toString());
      case LocalDateTime time -> JSON.textNode(time.toString());
      case PqList list -> array(list, node);
      case PqStruct struct -> object(struct, node);
      case PqMap map -> object(map, node);
      default ->
          throw new IllegalArgumentException(
              "'%s' is of a type that no payload can hold: %s"
                  .formatted(node.name(), value.getClass().getSimpleName()));
    };
  }

  private static boolean isUnsigned(SchemaNode node) {
    return node instanceof SchemaNode.PrimitiveNode primitive
        && primitive.logicalType() instanceof LogicalType.IntType type
        && !type.isSigned();
  }

  private static BigDecimal finite(String number, SchemaNode node) {
    try {
      return new BigDecimal(number);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'%s' must be a finite number: %s".formatted(node.name(), number), e);
    }
  }

  private static ArrayNode array(PqList list, SchemaNode node) {
    var element = node instanceof GroupNode group ? group.getListElement() : node;
    var array = JSON.arrayNode();
    for (Object value : list.values()) {
      array.add(json(value, element));
    }
    return array;
  }

  private static ObjectNode object(PqStruct struct, SchemaNode node) {
    var object = JSON.objectNode();
    for (var child : ((GroupNode) node).children()) {
      object.set(child.name(), json(struct.getValue(child.name()), child));
    }
    return object;
  }

  private static ObjectNode object(PqMap map, SchemaNode node) {
    var value = ((GroupNode) node).getMapValue();
    var object = JSON.objectNode();
    for (var entry : map.getEntries()) {
      if (!(entry.getKey() instanceof String key)) {
        throw new IllegalArgumentException(
            "'%s' must be a map with strings as keys".formatted(node.name()));
      }
      object.set(key, json(entry.getValue(), value));
    }
    return object;
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
