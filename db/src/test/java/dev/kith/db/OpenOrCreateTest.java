package dev.kith.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.text.TextEmbedding;
import dev.kith.core.vector.ElementType;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opening what may be there. */
class OpenOrCreateTest {
  private static final Schema SCHEMA =
      Schema.of(2, Metric.L2)
          .withField("year", FieldType.INTEGER)
          .withField("lang", FieldType.KEYWORD);

  @Test
  void openOrCreate_runsTwice(@TempDir Path folder) {
    for (int run = 0; run < 2; run++) {
      try (var kith = Kith.open(folder)) {
        assertThat(kith.exists("c")).isEqualTo(run == 1);
        var collection = kith.openOrCreate("c", SCHEMA);
        assertThat(kith.exists("c")).isTrue();
        assertThat(kith.openOrCreate("c", SCHEMA)).isSameAs(collection);
        assertThat(collection.count()).isEqualTo(run);
        collection.upsert(Point.of(PointId.of(1), new float[2]));
      }
    }
    try (var kith = Kith.openReadOnly(folder)) {
      assertThat(kith.openOrCreate("c", SCHEMA).count()).isEqualTo(1);
      assertThatThrownBy(() -> kith.openOrCreate("d", SCHEMA))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the database was opened read-only: " + folder);
    }
  }

  @Test
  void openOrCreate_anotherSchema_saysWhatDiffers_andLeavesTheCollectionClosed(
      @TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      kith.create("c", SCHEMA).close();
      var other = Schema.of(3, Metric.COSINE).withField("year", FieldType.KEYWORD).asStrict();
      assertThatThrownBy(() -> kith.openOrCreate("c", other))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "collection c has another schema than the one asked for: vector vector: dimension 2,"
                  + " not 3; vector vector: metric l2, not cosine; field year: integer, not"
                  + " keyword; field lang: not asked for; free, not strict ("
                  + folder
                  + "); open it by collection(\"c\"), and change it by addField, addVector,"
                  + " setIndex or setEmbedding");
      try (var another = Kith.open(folder)) { // which it could not if this one had it open
        assertThat(another.openOrCreate("c", SCHEMA).count()).isZero();
      }
    }
  }

  @Test
  void differences_tellEachPart() {
    var vector = VectorField.of(2, Metric.L2);
    assertThat(SCHEMA.differences(SCHEMA)).isEmpty();
    assertThat(
            Schema.of(vector)
                .differences(
                    Schema.of(vector.withType(ElementType.FLOAT16).withIndex("flat"))
                        .withVector("image", vector)
                        .withField("n", FieldType.FLOAT)))
        .containsExactly(
            "vector vector: type float32, not float16",
            "vector vector: index auto(recall=0.99), not flat",
            "vector image: not there",
            "field n: not there");
    assertThat(Schema.of(vector).withVector("image", vector).differences(Schema.of(vector)))
        .containsExactly("vector image: not asked for");
    var flat = Schema.of(vector.withIndex("flat"));
    assertThat(flat.differences(Schema.of(vector))).as("a choice left open takes any").isEmpty();
    assertThat(flat.differences(Schema.of(vector.withIndex("auto(recall=0.9)"))))
        .containsExactly("vector vector: index flat, not auto(recall=0.9)");
    var known = Schema.of(vector.embeddedBy(TextEmbedding.of("bge")));
    assertThat(known.differences(Schema.of(vector))).isEmpty();
    assertThat(Schema.of(vector).differences(known))
        .containsExactly("vector vector: an unknown model, not bge");
    assertThat(known.differences(Schema.of(vector.embeddedBy(TextEmbedding.of("e5")))))
        .isEqualTo(List.of("vector vector: model bge, not e5"));
  }
}
