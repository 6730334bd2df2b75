package dev.kith.db.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.db.Kith;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueryTest {
  private static final Query NEAREST = Query.nearest(new float[] {1, 0});

  private static Query nested(int depth, UnaryOperator<Query> step) {
    var query = NEAREST;
    for (int i = 1; i < depth; i++) {
      query = step.apply(query);
    }
    return query;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void query_nestedTooDeep_saysSo(boolean fused) {
    UnaryOperator<Query> step =
        query ->
            fused
                ? Query.fuse(Fusion.rrf(), query)
                : query.rescoredBy(Schema.VECTOR, new float[] {1, 0});
    assertThatThrownBy(() -> nested(100_000, step))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("queries may be nested at most 16 deep; fuse them in one step");
    try (var kith = Kith.inMemory()) {
      var collection = kith.create("c", Schema.of(2, Metric.L2));
      collection.upsert(Point.of(PointId.of(1), new float[] {1, 0}));
      assertThat(collection.query(nested(Query.MAX_DEPTH, step)).hits()).hasSize(1);
    }
  }

  @Test
  void limit_tooLarge_isNamed() {
    assertThatThrownBy(() -> NEAREST.limit(Integer.MAX_VALUE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("limit must be at most 2147483646: 2147483647");
    assertThatThrownBy(() -> NEAREST.limit(Query.MAX_LIMIT).offset(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "offset must be 0 or more, and offset + limit at most 2147483646: offset=1,"
                + " limit=2147483646");
  }

  @Test
  void query_sameQuestion_isEqual() {
    var vector = new float[] {1, 2};
    var one = Query.nearest(vector).limit(5).where("a == 1").withVectors("vector");
    var same = Query.nearest(vector).withVectors("vector").where("a == 1").limit(5);
    assertThat(one).isEqualTo(same).hasSameHashCodeAs(same);
    assertThat(one).isNotEqualTo(same.offset(1)).isNotEqualTo(same.limit(6));
    assertThat(one).isNotEqualTo(same.threshold(2)).isNotEqualTo(same.threads(2));
    assertThat(one).isNotEqualTo(same.onBackend("simd")).isNotEqualTo(same.withoutPayload());
    assertThat(one.toString()).contains("limit=5").contains("filter=a == 1");
    assertThat(one.withSource(one.source())).isEqualTo(one);
  }
}
