package dev.kith.db.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorDataException;
import dev.kith.db.Kith;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.NoMergePolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A collection never takes a description for its own that is not. */
class DescriptionTest {
  private static final Schema SCHEMA =
      Schema.of(2, Metric.L2)
          .withVector("other", VectorField.of(3, Metric.COSINE))
          .withField("year", FieldType.INTEGER)
          .withField("lang", FieldType.KEYWORD);

  @Test
  void read_ofText_givesTheSame() {
    var description = Description.first(SCHEMA).next(SCHEMA, Set.of("year"));
    assertThat(Description.read(description.text().getBytes(UTF_8))).isEqualTo(description);
    assertThat(description.revision()).isEqualTo(2);
  }

  @Test
  void read_anyBitFlipped_isRefused() {
    var text = Description.first(SCHEMA).text().getBytes(UTF_8);
    for (int at = 0; at < text.length; at++) {
      for (int bit = 0; bit < 8; bit++) {
        var damaged = text.clone();
        damaged[at] ^= (byte) (1 << bit);
        assertThatThrownBy(() -> Description.read(damaged))
            .as("byte %d, bit %d", at, bit)
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  void read_cutOffAnywhere_isRefused() {
    var text = Description.first(SCHEMA).text();
    for (int length = 0; length < text.length(); length++) {
      var cut = text.substring(0, length).getBytes(UTF_8);
      assertThatThrownBy(() -> Description.read(cut)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"format\":1,\"schema\":{},\"pending\":[]} x|it must be JSON",
        "{\"format\":1,\"schema\":{},\"pending\":[]}{}|it must be JSON: Trailing token",
        "{\"format\":1,\"schema\":{},\"schema\":{},\"pending\":[]}|it must be JSON: Duplicate",
        "{\"format\":1,\"schema\":{},\"pending\":[],\"more\":1}|no such key: more",
        "{\"format\":1,\"schema\":{},\"pending\":{}}|pending is of the wrong kind: {}",
        "{\"format\":1,\"schema\":{},\"pending\":[5]}|pending must hold strings: 5",
        "{\"format\":\"1\",\"schema\":{},\"pending\":[]}|the format must be 1 or 2: \"1\"",
        "{\"format\":3,\"schema\":{},\"pending\":[]}|the format must be 1 or 2: 3",
        "[]|it must be a JSON object",
        "{\"format\":1,\"schema\":{\"strict\":\"true\"},\"pending\":[]}|strict must be true or"
            + " false: \"true\"",
        "{\"format\":1,\"schema\":{\"fields\":[]},\"pending\":[]}|fields must be a JSON object: []",
        "{\"format\":1,\"schema\":{\"vectors\":5},\"pending\":[]}|vectors must be a JSON object: 5",
        "{\"format\":1,\"schema\":{\"fields\":{\"a\":5}},\"pending\":[]}|a field's type must be a"
            + " string: a: 5",
        "{\"format\":1,\"schema\":{\"vectors\":{\"v\":{\"dimension\":1,\"metric\":\"l2\",\"type\":5}}},\"pending\":[]}|vector"
            + " v must have a type that is a string: 5",
      })
  void read_whatKithNeverWrote_isRefused(String text, String message) {
    assertThatThrownBy(() -> Description.read(text.getBytes(UTF_8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  private static Path collection(Path folder) {
    try (var kith = Kith.open(folder)) {
      var points = kith.create("points", SCHEMA);
      for (int i = 0; i < 50; i++) {
        points.upsert(
            new Point(
                PointId.of(i),
                Map.of("vector", new float[] {i, 1}, "other", new float[] {i, 1, 2}),
                Payload.of("year", 2000 + i, "lang", "en", "size", i)));
      }
    }
    return folder.resolve("points");
  }

  /** As Kith 0.1.0 wrote it. */
  private static String oldText(Schema schema) {
    return "{\n  \"format\" : 1,\n  \"schema\" : %s,\n  \"pending\" : [ ]\n}"
        .formatted(schema.toJson());
  }

  /** Makes the last commit one of Kith 0.1.0, which held no copy of the description. */
  private static void forgetCopy(Path collection) throws IOException {
    var files = new CollectionFolder(collection);
    try (var directory = files.directory();
        var writer =
            new IndexWriter(
                directory,
                new IndexWriterConfig(PayloadFields.ANALYZER)
                    .setMergePolicy(NoMergePolicy.INSTANCE))) {
      var kept = new HashMap<String, String>();
      for (var entry : writer.getLiveCommitData()) {
        if (entry.getKey().equals("kith.generation")) {
          kept.put(entry.getKey(), entry.getValue());
        }
      }
      writer.setLiveCommitData(kept.entrySet());
      writer.commit();
    }
  }

  @Test
  void open_oldDescription_isReadOnAndUpgraded(@TempDir Path folder) throws IOException {
    var collection = collection(folder);
    forgetCopy(collection);
    var file = collection.resolve("collection.json");
    Files.writeString(file, oldText(SCHEMA));
    try (var reading = Kith.openReadOnly(folder)) {
      assertThat(reading.collection("points").count(Filter.parse("year == 2049"))).isEqualTo(1);
      assertThat(Files.readString(file)).isEqualTo(oldText(SCHEMA));
    }
    try (var kith = Kith.open(folder)) {
      assertThat(kith.collection("points").schema()).isEqualTo(SCHEMA);
      assertThat(kith.collection("points").verify()).isEmpty();
    }
    assertThat(Files.readString(file)).startsWith("{\n  \"format\" : 2,\n  \"checksum\" : \"");
    assertThat(new CollectionFolder(collection).read()).isEqualTo(Description.first(SCHEMA));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void open_descriptionOfAnotherCollection_isRefused(boolean readOnly, @TempDir Path folder)
      throws IOException {
    var collection = collection(folder);
    forgetCopy(collection);
    refused(
        collection,
        readOnly,
        SCHEMA.toJson().replace("\"vector\":", "\"vectos\":"),
        "holds vectors vector, the schema has none");
    refused(
        collection,
        readOnly,
        SCHEMA.toJson().replaceFirst("\"metric\":\"l2\"", "\"metric\":\"dot\""),
        "vectors vector are 2 FLOAT32, l2 in segment");
    refused(
        collection,
        readOnly,
        SCHEMA.toJson().replaceFirst("float32", "float16"),
        "and 2 FLOAT16, l2 in the schema");
    refused(
        collection,
        readOnly,
        SCHEMA.toJson().replace("\"dimension\":2", "\"dimension\":3"),
        "and 3 FLOAT32, l2 in the schema");
    refused(
        collection,
        readOnly,
        SCHEMA.toJson().replace("\"year\":\"integer\"", "\"year\":\"keyword\""),
        "field year is keyword in the schema, but 50 points are indexed as long.year");
  }

  private static void refused(Path collection, boolean readOnly, String schema, String found)
      throws IOException {
    var folder = requireNonNull(collection.getParent());
    Files.writeString(collection.resolve("collection.json"), oldText(Schema.parse(schema)));
    try (var kith = readOnly ? Kith.openReadOnly(folder) : Kith.open(folder)) {
      assertThatThrownBy(() -> kith.collection("points"))
          .isInstanceOf(VectorDataException.class)
          .hasMessageStartingWith(
              "a collection's description must be that of its segments: folder=" + collection)
          .hasMessageContaining(found)
          .hasMessageEndingWith(
              "; take collection.json from where the segments are from, or restore a snapshot");
    }
  }

  /** Segments cannot tell at opening that they lack an index; reading the payloads can. */
  @Test
  void verify_fieldByWhichNothingIsIndexed_saysSo(@TempDir Path folder) throws IOException {
    var files = new CollectionFolder(collection(folder));
    var description = files.read();
    files.write(
        description.next(SCHEMA.withField("size", FieldType.INTEGER), description.pending()));
    try (var kith = Kith.open(folder)) {
      var points = kith.collection("points");
      assertThat(points.count(Filter.parse("size == 3"))).isZero();
      assertThat(points.verify())
          .singleElement()
          .asString()
          .endsWith("50 points are not indexed by long.size as their payloads say");
    }
  }

  @Test
  void open_olderDescription_isRefused(@TempDir Path folder) throws IOException {
    var collection = collection(folder);
    var older = Files.readString(collection.resolve("collection.json"));
    try (var kith = Kith.open(folder)) {
      kith.collection("points").addField("title", FieldType.TEXT);
      kith.collection("points").upsert(new Point(PointId.of(9), Map.of(), Payload.EMPTY));
    }
    Files.writeString(collection.resolve("collection.json"), older);
    try (var kith = Kith.open(folder)) {
      assertThatThrownBy(() -> kith.collection("points"))
          .isInstanceOf(VectorDataException.class)
          .hasMessageContaining("collection.json has revision 1 and the last checkpoint 3");
    }
  }

  /** The description is written before the segments follow it, so it may be ahead of them. */
  @Test
  void open_newerDescription_isTaken(@TempDir Path folder) throws IOException {
    var collection = collection(folder);
    var files = new CollectionFolder(collection);
    var later = SCHEMA.withVector("third", VectorField.of(1, Metric.L2));
    files.write(files.read().next(later, Set.of()));
    try (var reading = Kith.openReadOnly(folder);
        var kith = Kith.open(folder)) {
      assertThat(reading.collection("points").schema()).isEqualTo(later);
      assertThat(kith.collection("points").schema()).isEqualTo(later);
      assertThat(kith.collection("points").count()).isEqualTo(50);
    }
  }

  @Test
  void snapshot_restored_hasItsDescription(@TempDir Path folder) {
    collection(folder.resolve("db"));
    try (var kith = Kith.open(folder.resolve("db"))) {
      kith.collection("points").addField("title", FieldType.TEXT);
      kith.collection("points").snapshot(folder.resolve("snapshot"));
      var restored = kith.restore("again", folder.resolve("snapshot"));
      assertThat(restored.schema()).isEqualTo(SCHEMA.withField("title", FieldType.TEXT));
      assertThat(restored.verify()).isEmpty();
    }
    try (var reading = Kith.openReadOnly(folder.resolve("db"))) {
      assertThat(reading.collection("again").count()).isEqualTo(50);
    }
  }
}
