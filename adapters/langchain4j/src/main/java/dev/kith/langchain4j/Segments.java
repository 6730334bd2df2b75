package dev.kith.langchain4j;

import dev.kith.db.point.Payload;
import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.segment.TextSegment;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Text segments as payloads: {@code {"text": "...", "metadata": {"string": {"lang": "en"}, "int":
 * {"year": 2020}}}}, with an object for each {@link MetadataType} that occurs.
 */
final class Segments {
  /** Key of a segment's text. */
  static final String TEXT = "text";

  /** Key of a segment's metadata. */
  static final String METADATA = "metadata";

  private Segments() {}

  /** The payload of a segment; null, an embedding without one, has none. */
  static Payload payload(@Nullable TextSegment segment) {
    if (segment == null) {
      return Payload.EMPTY;
    }
    var values = new LinkedHashMap<String, Object>();
    values.put(TEXT, segment.text());
    var folders = new LinkedHashMap<String, Map<String, Object>>();
    segment
        .metadata()
        .toMap()
        .forEach(
            (key, value) -> {
              var type = MetadataType.of(value);
              folders
                  .computeIfAbsent(type.folder(), _ -> new LinkedHashMap<>())
                  .put(MetadataType.name(key), type.write(value));
            });
    if (!folders.isEmpty()) {
      values.put(METADATA, folders);
    }
    return Payload.of(values);
  }

  /** The segment of a payload, or null if it has no text. */
  static @Nullable TextSegment segment(Payload payload) {
    return payload.values().get(TEXT) instanceof String text
        ? TextSegment.from(text, metadata(payload))
        : null;
  }

  /** The metadata of a payload. */
  static Metadata metadata(Payload payload) {
    var values = new LinkedHashMap<String, Object>();
    if (payload.values().get(METADATA) instanceof Map<?, ?> folders) {
      for (var type : MetadataType.values()) {
        if (folders.get(type.folder()) instanceof Map<?, ?> folder) {
          folder.forEach(
              (name, value) -> values.put(MetadataType.key((String) name), type.read(value)));
        }
      }
    }
    return Metadata.from(values);
  }
}
