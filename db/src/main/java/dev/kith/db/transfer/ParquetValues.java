package dev.kith.db.transfer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hardwood.metadata.LogicalType;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqMap;
import dev.hardwood.row.PqStruct;
import dev.hardwood.schema.SchemaNode;
import dev.hardwood.schema.SchemaNode.GroupNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Values of Parquet as JSON and as vectors. */
final class ParquetValues {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private ParquetValues() {}

  /** The elements of a list of numbers. */
  static float[] vector(Object value, SchemaNode node) {
    String column = node.name();
    if (!(value instanceof PqList list)) {
      throw noVector(column);
    }
    var type = element(node);
    var vector = new float[list.size()];
    int at = 0;
    for (Object element : list.values()) {
      if (!(element instanceof Number)) {
        throw noVector(column);
      }
      vector[at++] =
          switch (element) {
            case Float number -> number;
            case Double number -> number.floatValue();
            default -> json(element, type).decimalValue().floatValue(); // unsigned ones, too
          };
    }
    return vector;
  }

  private static IllegalArgumentException noVector(String column) {
    return new IllegalArgumentException("'%s' must be a list of numbers".formatted(column));
  }

  /** A value as a payload has it. */
  static JsonNode json(@Nullable Object value, SchemaNode node) {
    return switch (value) {
      case null -> JSON.nullNode();
      case Boolean truth -> JSON.booleanNode(truth);
      case Byte number -> JSON.numberNode(isUnsigned(node) ? number & 0xff : number);
      case Short number -> JSON.numberNode(isUnsigned(node) ? number & 0xffff : number);
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
      case byte[] bytes -> JSON.textNode(text(bytes, node));
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

  /** Strings of writers that do not mark them as such. */
  private static String text(byte[] bytes, SchemaNode node) {
    try {
      var text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      if (text.chars().noneMatch(c -> c < ' ' && c != '\n' && c != '\r' && c != '\t')) {
        return text;
      }
    } catch (CharacterCodingException e) {
      // not text either
    }
    throw new IllegalArgumentException(
        "'%s' is binary and its bytes are no text in UTF-8; write it as a string, such as base 64, or leave the column out"
            .formatted(node.name()));
  }

  private static SchemaNode element(SchemaNode node) {
    return node instanceof GroupNode group ? group.getListElement() : node;
  }

  private static ArrayNode array(PqList list, SchemaNode node) {
    var element = element(node);
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
}
