package dev.kith.db.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.json.JsonWriteFeature;

/**
 * How large the parts of JSON may be. A {@link Payload} beyond them is refused as it is made, so
 * that what is stored can be read, exported and imported again.
 */
public final class JsonLimits {
  /** The most objects and arrays inside each other, the outermost one included. */
  public static final int MAX_DEPTH = 1000;

  /** The most characters of a number. */
  public static final int MAX_NUMBER = 1000;

  /** The most characters of a key. */
  public static final int MAX_KEY = 50_000;

  /** The most characters of a string. */
  public static final int MAX_STRING = 20_000_000;

  /** Objects around a payload in what Kith writes. */
  private static final int AROUND = 100;

  /** Bytes of a character in UTF-8, by which parsers count keys. */
  private static final int BYTES = 4;

  private static final int MAX_SHOWN = 80;

  private JsonLimits() {}

  /**
   * Makes parsers and generators for JSON with payloads in it. Their own limits are wider, so that
   * it is the payload which is refused, with the place in it.
   */
  public static JsonFactory factory() {
    return JsonFactory.builder()
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(MAX_DEPTH + AROUND)
                .maxNumberLength(2 * MAX_NUMBER)
                .maxNameLength(BYTES * MAX_KEY + BYTES)
                .maxStringLength(2 * MAX_STRING)
                .build())
        .streamWriteConstraints(
            StreamWriteConstraints.builder().maxNestingDepth(MAX_DEPTH + AROUND).build())
        .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8) // not as two escapes
        .build();
  }

  /**
   * What a parser says, with the line and column where it knows them, and without its advice to
   * programmers.
   */
  public static String said(JsonProcessingException e) {
    var at = e.getLocation(); // null where a limit is passed
    return at == null || at.getLineNr() < 1
        ? problem(e)
        : "line %d, column %d: %s".formatted(at.getLineNr(), at.getColumnNr(), problem(e));
  }

  private static String problem(JsonProcessingException e) {
    String line =
        String.valueOf(e.getOriginalMessage())
            .replaceAll(", from `[^`]*`|(: enable `| \\(start marker|: expected close).*", "")
            .replaceAll("[\\p{Cntrl}\\s]+", " ");
    return line.length() <= MAX_SHOWN ? line : line.substring(0, MAX_SHOWN - 3) + "...";
  }

  /** The same of JSON that is one line. */
  public static String saidOfLine(JsonProcessingException e) {
    return said(e).replaceFirst("^line \\d+, ", "");
  }
}
