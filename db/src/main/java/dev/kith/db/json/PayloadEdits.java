package dev.kith.db.json;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Makes a payload's bytes out of another's, token by token, so that what is not touched keeps the
 * form that it was written in.
 *
 * <p>A path is keys joined by dots, which lead through objects; where the payload has a key that is
 * the whole path, dots and all, it means that key alone.
 */
public final class PayloadEdits {
  private static final JsonFactory JSON = JsonLimits.factory();

  private final JsonGenerator out;
  private final PayloadJson copying;

  /** Whether what the paths lead to is kept, and not what they do not. */
  private final boolean keeping;

  private PayloadEdits(JsonGenerator out, boolean keeping) {
    this.out = out;
    this.copying = new PayloadJson(out);
    this.keeping = keeping;
  }

  /** The object without what these paths lead to. */
  public static byte[] without(byte[] json, Collection<String> paths) {
    return edited(json, paths, false);
  }

  /** The object with nothing but what these paths lead to. */
  public static byte[] only(byte[] json, Collection<String> paths) {
    return edited(json, paths, true);
  }

  private static byte[] edited(byte[] json, Collection<String> paths, boolean keeping) {
    try (var bytes = new ByteArrayBuilder();
        var out = JSON.createGenerator(bytes);
        var in = JSON.createParser(json)) {
      in.nextToken();
      new PayloadEdits(out, keeping).object(in, keys(json, paths));
      out.flush();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw PayloadJson.impossible(e);
    }
  }

  /**
   * The object with the keys of another one; of a key that both have, the other's value is taken
   * whole.
   */
  public static byte[] merged(byte[] json, byte[] over) {
    try (var bytes = new ByteArrayBuilder();
        var out = JSON.createGenerator(bytes);
        var in = JSON.createParser(json);
        var others = JSON.createParser(over)) {
      var edits = new PayloadEdits(out, false);
      out.writeStartObject();
      in.nextToken();
      edits.members(in, topKeys(over).stream().map(List::of).toList());
      others.nextToken();
      edits.members(others, List.of());
      out.writeEndObject();
      out.flush();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw PayloadJson.impossible(e);
    }
  }

  /** The keys that each path leads through. */
  private static List<List<String>> keys(byte[] json, Collection<String> paths) throws IOException {
    Set<String> whole =
        paths.stream().anyMatch(path -> path.indexOf('.') >= 0) ? topKeys(json) : Set.of();
    var keys = new ArrayList<List<String>>();
    for (var path : paths) {
      keys.add(whole.contains(path) ? List.of(path) : List.of(path.split("\\.", -1)));
    }
    return keys;
  }

  private static Set<String> topKeys(byte[] json) throws IOException {
    var keys = new HashSet<String>();
    try (var in = JSON.createParser(json)) {
      in.nextToken();
      while (in.nextToken() == JsonToken.FIELD_NAME) {
        keys.add(in.currentName());
        in.nextToken();
        in.skipChildren();
      }
    }
    return keys;
  }

  private void object(JsonParser in, List<List<String>> paths) throws IOException {
    out.writeStartObject();
    members(in, paths);
    out.writeEndObject();
  }

  /** Copies what is between the braces of the object that the parser stands at. */
  private void members(JsonParser in, List<List<String>> paths) throws IOException {
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String key = requireNonNull(in.currentName());
      var token = in.nextToken();
      boolean ends = false;
      var deeper = new ArrayList<List<String>>();
      for (var path : paths) {
        if (path.getFirst().equals(key)) {
          ends |= path.size() == 1;
          deeper.add(path.subList(1, path.size()));
        }
      }
      if (!ends && !deeper.isEmpty() && token == JsonToken.START_OBJECT) {
        out.writeFieldName(key);
        object(in, deeper);
      } else if (ends == keeping) {
        out.writeFieldName(key);
        copying.copyValue(in);
      } else {
        in.skipChildren();
      }
    }
  }
}
