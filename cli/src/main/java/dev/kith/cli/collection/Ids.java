package dev.kith.cli.collection;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kith.cli.console.Screen;
import dev.kith.db.CollectionReader;
import dev.kith.db.point.PointId;
import dev.kith.db.transfer.PointJson;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Ids as they are typed and shown. Digits are a number, the usual form of a UUID is a UUID,
 * everything else is a text. An argument that begins with a quote is an id as it stands in JSON, so
 * {@code "12"} is the text and {@code 12} the number; so is <code>{"text": "..."}</code>, a text
 * that looks like a UUID. A shown id can be typed: {@code parse(shown(id))} is {@code id}.
 */
final class Ids {
  /** Text of {@code --help} about an argument that is an id. */
  static final String HELP =
      "a number, a UUID or a text; in JSON it is what it is there: '\"12\"' is a text,"
          + " '{\"text\": \"UUID\"}' one that looks like a UUID";

  private static final String TEXT = "text";

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private Ids() {}

  /** Parses the ids that were typed; deduplicates them. */
  static List<PointId> parse(List<String> arguments) {
    return arguments.stream().map(Ids::parse).distinct().toList();
  }

  /**
   * Parses the id that was typed.
   *
   * @throws IllegalArgumentException if it begins with a quote and is no JSON
   */
  static PointId parse(String argument) {
    if (argument.startsWith("\"")) {
      try {
        return PointJson.parseId(MAPPER.readTree(argument).toString());
      } catch (JsonProcessingException e) {
        throw new IllegalArgumentException(
            "an id that begins with a quote must be a JSON string: %s; the text itself is '%s'"
                .formatted(argument, PointJson.id(PointId.of(argument))));
      }
    }
    return isText(argument)
        ? PointJson.parseId(tree(argument).toString())
        : PointId.parse(argument);
  }

  private static boolean isText(String argument) {
    if (!argument.startsWith("{")) {
      return false;
    }
    var node = tree(argument);
    return node.size() == 1 && node.path(TEXT).isTextual();
  }

  private static JsonNode tree(String argument) {
    try {
      return MAPPER.readTree(argument);
    } catch (JsonProcessingException e) {
      return MAPPER.missingNode();
    }
  }

  /**
   * Shows an id as it can be typed: bare where that is unambiguous and easy to read, else in JSON.
   */
  static String shown(PointId id) {
    String bare = id.toString();
    if (!(id instanceof PointId.Text text)) {
      return bare;
    }
    boolean plain =
        PointId.parse(bare).equals(id)
            && !bare.startsWith("\"")
            && !bare.startsWith("-")
            && !isText(bare)
            && bare.equals(bare.strip())
            && bare.chars().noneMatch(Screen::isHidden);
    return plain ? bare : json(text);
  }

  private static String json(PointId.Text id) {
    return Screen.escaped(PointJson.id(id));
  }

  /**
   * Message that names the points that do not exist and, where a text that looks alike does, how to
   * type it.
   *
   * @return one line
   */
  static String missing(List<PointId> ids, String collection, CollectionReader points) {
    String line =
        "no such point: %s (%s)"
            .formatted(ids.stream().map(Ids::shown).collect(Collectors.joining(", ")), collection);
    var twins =
        points
            .get(
                ids.stream()
                    .filter(id -> !(id instanceof PointId.Text))
                    .map(id -> PointId.of(id.toString()))
                    .toList())
            .stream()
            .map(point -> "'" + shown(point.id()) + "'")
            .collect(Collectors.joining(", "));
    return twins.isEmpty()
        ? line
        : "%s; texts that look like them are there: %s".formatted(line, twins);
  }
}
