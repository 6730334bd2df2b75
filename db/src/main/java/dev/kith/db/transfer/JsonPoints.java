package dev.kith.db.transfer;

import static dev.kith.db.transfer.PointJson.ID;
import static dev.kith.db.transfer.PointJson.MAPPER;
import static dev.kith.db.transfer.PointJson.PAYLOAD;
import static dev.kith.db.transfer.PointJson.VECTOR;
import static dev.kith.db.transfer.PointJson.VECTORS;
import static dev.kith.db.transfer.PointJson.shorten;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import dev.kith.db.json.JsonLimits;
import dev.kith.db.json.PayloadJson;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Points of a file of JSON lines. */
final class JsonPoints implements PointReader {
  private final Lines lines;
  private final Schema schema;

  JsonPoints(Path file, Schema schema) throws IOException {
    this.lines = new Lines(file);
    this.schema = schema;
  }

  @Override
  public @Nullable Point next() {
    if (!lines.next()) {
      return null;
    }
    try (var parser = MAPPER.createParser(lines.bytes(), 0, lines.length())) {
      return point(parser);
    } catch (JsonProcessingException e) {
      throw new TransferException(
          "%s: a line must be one JSON object: %s".formatted(place(), JsonLimits.saidOfLine(e)), e);
    } catch (IOException e) {
      throw new TransferException(
          "%s: a line must be one JSON object in UTF-8: %s"
              .formatted(place(), shorten(String.valueOf(e.getMessage()))),
          e);
    } catch (IllegalArgumentException e) {
      throw new TransferException("%s: %s".formatted(place(), e.getMessage()), e);
    }
  }

  private Point point(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new IllegalArgumentException("a line must be one JSON object");
    }
    PointId id = null;
    var payload = Payload.EMPTY;
    var vectors = new HashMap<String, float[]>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      var value = parser.nextToken();
      switch (key) {
        case ID -> id = PointJson.id(tree(parser));
        case VECTOR -> {
          if (value != JsonToken.VALUE_NULL) {
            put(vectors, onlyVector(schema), PointJson.vector(parser, "'vector'"));
          }
        }
        case VECTORS -> vectors(parser, value, vectors);
        case PAYLOAD -> payload = payload(parser);
        default -> throw unknown(key);
      }
    }
    if (parser.nextToken() != null) {
      throw new IllegalArgumentException("nothing may follow the JSON object in its line");
    }
    if (id == null) {
      throw new IllegalArgumentException("'id' is missing");
    }
    return new Point(id, vectors, payload);
  }

  private static IllegalArgumentException unknown(String key) {
    boolean text = key.equals("_id") || key.equals("text") || key.equals("title");
    return new IllegalArgumentException(
        "unknown key '%s'; known are id, vector, vectors and payload%s"
            .formatted(
                shorten(key), text ? " (texts become points by kith import --model M)" : ""));
  }

  private static JsonNode tree(JsonParser parser) throws IOException {
    return MAPPER.readTree(parser);
  }

  /** The name that {@code vector} stands for. */
  static String onlyVector(Schema schema) {
    return schema.vectors().size() == 1
        ? schema.vectors().keySet().iterator().next()
        : Schema.VECTOR;
  }

  private static Payload payload(JsonParser parser) throws IOException {
    if (parser.currentToken() == JsonToken.START_OBJECT) {
      var payload = Payload.ofStored(PayloadJson.copy(parser));
      return payload.bytes() == Payload.EMPTY.bytes() ? Payload.EMPTY : payload;
    }
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return Payload.EMPTY;
    }
    throw new IllegalArgumentException(
        "'payload' must be a JSON object: " + shorten(tree(parser).toString()));
  }

  private static void vectors(JsonParser parser, JsonToken value, Map<String, float[]> vectors)
      throws IOException {
    if (value == JsonToken.VALUE_NULL) {
      return;
    }
    if (value != JsonToken.START_OBJECT) {
      throw new IllegalArgumentException(
          "'vectors' must be an object of a name and an array of numbers each");
    }
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      if (parser.nextToken() == JsonToken.VALUE_NULL) {
        continue;
      }
      put(vectors, name, PointJson.vector(parser, "the vector '%s'".formatted(shorten(name))));
    }
  }

  private static void put(Map<String, float[]> vectors, String name, float[] vector) {
    if (vectors.put(name, vector) != null) {
      throw new IllegalArgumentException("a vector may be given once: " + name);
    }
  }

  @Override
  public String place() {
    return lines.place();
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
