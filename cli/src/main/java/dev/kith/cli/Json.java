package dev.kith.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kith.db.point.JsonLimits;
import java.io.PrintWriter;

/** Printer of JSON documents on standard output. */
final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder(JsonLimits.factory()).enable(SerializationFeature.INDENT_OUTPUT).build();

  private static final JsonMapper LINES = new JsonMapper(JsonLimits.factory());

  private Json() {}

  /** Prints one document in one line, of several that are printed as the work goes on. */
  static void printLine(PrintWriter out, Object document) {
    try {
      out.println(LINES.writeValueAsString(document));
      out.flush();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  static void print(PrintWriter out, Object document) {
    try {
      out.println(MAPPER.writeValueAsString(document));
      out.flush();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
