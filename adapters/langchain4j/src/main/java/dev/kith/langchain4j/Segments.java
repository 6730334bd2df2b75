package dev.kith.langchain4j;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kith.db.point.Payload;
import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.segment.TextSegment;
import java.util.LinkedHashMap;
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
    var tree = JsonNodeFactory.instance.objectNode().put(TEXT, segment.text());
    var metadata = segment.metadata().toMap();
    if (!metadata.isEmpty()) {
      var folders = tree.putObject(METADATA);
      metadata.forEach(
          (key, value) -> {
            var type = MetadataType.of(value);
            folders
                .withObjectProperty(type.folder())
                .set(MetadataType.name(key), type.write(value));
          });
    }
    return Payload.of(tree);
  }

  /** The segment of a payload, or null if it has no text. */
  static @Nullable TextSegment segment(Payload payload) {
    var text = payload.tree().get(TEXT);
    return text == null ? null : TextSegment.from(text.textValue(), metadata(payload));
  }

  /** The metadata of a payload. */
  static Metadata metadata(Payload payload) {
    var values = new LinkedHashMap<String, Object>();
    if (payload.tree().get(METADATA) instanceof ObjectNode folders) {
      for (var type : MetadataType.values()) {
        for (var entry : folders.path(type.folder()).properties()) {
          values.put(MetadataType.key(entry.getKey()), type.read(entry.getValue()));
        }
      }
    }
    return Metadata.from(values);
  }
}
