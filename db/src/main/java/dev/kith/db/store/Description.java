package dev.kith.db.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * What a collection is: the content of {@code collection.json}, of which each Lucene commit holds a
 * copy. Format: {@code docs/formats/collection-files.md}.
 *
 * @param revision how many descriptions the collection had before this one, plus 1; 0 for one read
 *     from a file of format 1, which had no revision
 * @param schema of the collection
 * @param pending paths of fields by which older points are not indexed yet
 */
public record Description(long revision, Schema schema, Set<String> pending) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final String NO_CHECKSUM = "00000000";
  private static final String BEGINNING = "{\n  \"format\" : 2,\n  \"checksum\" : \"";
  private static final byte[] PREFIX = BEGINNING.getBytes(UTF_8);

  /** Copies the set. */
  public Description {
    pending = Set.copyOf(pending);
  }

  /** Of a new collection. */
  public static Description first(Schema schema) {
    return new Description(1, schema, Set.of());
  }

  /** The one that comes after this one. */
  public Description next(Schema newSchema, Set<String> newPending) {
    return new Description(revision + 1, newSchema, newPending);
  }

  /** The same, with another set of fields that are being indexed. */
  Description nextPending(Set<String> newPending) {
    return next(schema, newPending);
  }

  /** The content of the file, in the newest format. */
  String text() {
    var json =
        MAPPER
            .createObjectNode()
            .put("format", 2)
            .put("checksum", NO_CHECKSUM)
            .put("revision", revision);
    json.set("schema", tree(schema));
    pending.stream().sorted().forEach(json.putArray("pending")::add);
    var text = json.toPrettyString().replace(System.lineSeparator(), "\n") + "\n";
    return BEGINNING
        + checksum(text.getBytes(UTF_8))
        + text.substring(BEGINNING.length() + NO_CHECKSUM.length());
  }

  private static JsonNode tree(Schema schema) {
    try {
      return MAPPER.readTree(schema.toJson());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a schema's own JSON cannot fail to be read", e);
    }
  }

  private static String checksum(byte[] text) {
    var crc = new CRC32C();
    crc.update(text);
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  /**
   * Reads the content of a file of any format.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  static Description read(byte[] text) {
    try {
      if (!(MAPPER.readTree(text) instanceof ObjectNode json)) {
        throw new IllegalArgumentException("it must be a JSON object");
      }
      return switch (json.path("format").toString()) {
        case "1" -> {
          requireKeys(json, Set.of("format", "schema", "pending"));
          yield read(json, 0);
        }
        case "2" -> {
          requireChecksum(text);
          requireKeys(json, Set.of("format", "checksum", "revision", "schema", "pending"));
          yield read(json, require(json, "revision", JsonNode::isIntegralNumber).longValue());
        }
        default ->
            throw new IllegalArgumentException(
                "the format must be 1 or 2: %s".formatted(json.path("format")));
      };
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("it must be JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new IllegalStateException("memory cannot fail to be read", e);
    }
  }

  private static Description read(ObjectNode json, long revision) {
    var pending = new LinkedHashSet<String>();
    for (var path : require(json, "pending", JsonNode::isArray)) {
      if (!path.isTextual()) {
        throw new IllegalArgumentException("pending must hold strings: " + path);
      }
      pending.add(path.textValue());
    }
    return new Description(revision, Schema.parse(json.path("schema").toString()), pending);
  }

  private interface Kind {
    boolean holds(JsonNode value);
  }

  private static JsonNode require(ObjectNode json, String key, Kind kind) {
    var value = json.path(key);
    if (!kind.holds(value)) {
      throw new IllegalArgumentException("%s is of the wrong kind: %s".formatted(key, value));
    }
    return value;
  }

  private static void requireKeys(ObjectNode json, Set<String> known) {
    for (var entry : json.properties()) {
      if (!known.contains(entry.getKey())) {
        throw new IllegalArgumentException("no such key: " + entry.getKey());
      }
    }
  }

  /** The checksum is that of the text whose checksum is eight zeros. */
  private static void requireChecksum(byte[] text) {
    int end = PREFIX.length + NO_CHECKSUM.length();
    var found =
        text.length < end ? "" : new String(text, PREFIX.length, end - PREFIX.length, UTF_8);
    var zeroed = text.clone();
    if (text.length >= end) {
      System.arraycopy(NO_CHECKSUM.getBytes(UTF_8), 0, zeroed, PREFIX.length, end - PREFIX.length);
    }
    var expected = checksum(zeroed);
    if (!expected.equals(found)) {
      throw new IllegalArgumentException(
          "the checksum must be that of the text: expected=%s, found=%s"
              .formatted(expected, found));
    }
  }
}
