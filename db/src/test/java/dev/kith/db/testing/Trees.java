package dev.kith.db.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kith.db.json.JsonLimits;
import dev.kith.db.point.Payload;

/** Payloads as the trees that Jackson reads of their JSON: a look past {@link Payload#values}. */
public final class Trees {
  private static final JsonMapper MAPPER =
      JsonMapper.builder(JsonLimits.factory())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private Trees() {}

  /** The tree of a payload's JSON. */
  public static JsonNode of(Payload payload) {
    try {
      return MAPPER.readTree(payload.toString());
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }
}
