package dev.kith.cli.console;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import dev.kith.db.point.Payload;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.transfer.PointJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.function.Function;

/**
 * Printer of JSON documents on standard output; ids, payloads and schemas stand in them as they
 * are.
 */
public final class Json {
  /**
   * Stands first in every document that is an object, though not in lines of a stream; fields are
   * added under the same number, never renamed.
   */
  private static final int VOCABULARY = 1;

  private static final SimpleModule OURS =
      new SimpleModule()
          .addSerializer(new AsItIs<>(PointId.class, PointJson::id))
          .addSerializer(new AsItIs<>(Payload.class, Payload::toString))
          .addSerializer(new AsItIs<>(Schema.class, Schema::toJson));

  private static final JsonMapper MAPPER =
      JsonMapper.builder().addModule(OURS).enable(SerializationFeature.INDENT_OUTPUT).build();

  private static final JsonMapper LINES = JsonMapper.builder().addModule(OURS).build();

  private Json() {}

  /** Writes what has a JSON text of its own. */
  private static final class AsItIs<T> extends StdSerializer<T> {
    private static final long serialVersionUID = 1;
    private final transient Function<T, String> text;

    AsItIs(Class<T> type, Function<T, String> text) {
      super(type);
      this.text = text;
    }

    @Override
    public void serialize(T value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeRawValue(text.apply(value));
    }
  }

  /** The document behind the number of the vocabulary that its fields are of. */
  private static JsonNode versioned(Object document) {
    JsonNode tree = LINES.valueToTree(document);
    if (!(tree instanceof ObjectNode fields)) {
      return tree;
    }
    var whole = LINES.createObjectNode().put("kith", VOCABULARY);
    whole.setAll(fields);
    return whole;
  }

  /** Prints one document in one line, of several that are printed as the work goes on. */
  public static void printLine(PrintWriter out, Object document) {
    try {
      out.println(LINES.writeValueAsString(document));
      out.flush();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Prints a document that is JSON already. */
  public static void printText(PrintWriter out, String json) {
    try {
      print(out, LINES.readTree(json));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Prints one document, over several lines. */
  public static void print(PrintWriter out, Object document) {
    try {
      out.println(MAPPER.writeValueAsString(versioned(document)));
      out.flush();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
