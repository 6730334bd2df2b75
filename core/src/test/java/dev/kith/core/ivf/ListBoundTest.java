package dev.kith.core.ivf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.backend.Backends;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.SplittableRandom;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(Seeded.class)
class ListBoundTest {

  /** No key of a list is below the list's bound, whatever the rows and queries. */
  @ParameterizedTest
  @EnumSource
  void lower_hostilePairs_isBelowEveryKey(Metric metric, SplittableRandom random) {
    for (int round = 0; round < 30 * Seeded.effort(); round++) {
      int d = 1 + random.nextInt(60);
      var rows = rows(random, 80, d, round);
      var queries = rows(random, 12, d, round);
      queries[0] = rows[11].clone();
      queries[1] = new float[d];
      assertBelow(metric, rows, queries, 1 + random.nextInt(80));
    }
  }

  /** Rows of any size; near to each other and far from zero; or with lengths all alike. */
  private static float[][] rows(SplittableRandom random, int count, int d, int round) {
    var rows = TestVectors.gaussians(random, count, d);
    for (var row : rows) {
      int exponent = random.nextInt(-150, 120);
      for (int e = 0; e < d; e++) {
        row[e] =
            switch (round % 3) {
              case 0 -> Math.scalb(row[e], exponent);
              case 1 -> 1000 + row[e] * 1e-3f;
              default -> row[e] > 0 ? 1 : -1;
            };
      }
    }
    return rows;
  }

  private static void assertBelow(Metric metric, float[][] rows, float[][] queries, int lists) {
    try (var source = VectorSource.of(rows)) {
      var spec = IndexSpec.parse("ivf(lists=%d)".formatted(lists));
      var data = (ListData) Backends.builderOf(spec).build(source, metric, BuildOptions.defaults());
      var order = data.order();
      var query = data.bound().new Query();
      var dots = new float[order.lists()];
      for (var given : queries) {
        query.set(given);
        Kernels.scalar()
            .rows()
            .dots(query.probe(), data.centres(), 4L * given.length, dots.length, dots);
        for (int list = 0; list < dots.length; list++) {
          double lower = query.lower(list, dots[list]);
          for (int i = 0; i < order.size(list); i++) {
            var row = rows[order.row(order.first(list) + i)];
            assertThat(lower).isLessThanOrEqualTo(TestVectors.key(metric, given, row));
          }
        }
      }
    }
  }

  /** A list of one row is its centre: the bound is the key, up to what float32 rounds. */
  @ParameterizedTest
  @EnumSource
  void lower_listsOfOneRow_isCloseToTheKey(Metric metric, SplittableRandom random) {
    int d = 32;
    var rows = TestVectors.gaussians(random, 40, d);
    try (var source = VectorSource.of(rows)) {
      var spec = IndexSpec.parse("ivf(lists=40)");
      var data = (ListData) Backends.builderOf(spec).build(source, metric, BuildOptions.defaults());
      assertThat(data.lists()).isEqualTo(40);
      var query = data.bound().new Query();
      var given = TestVectors.gaussian(random, d);
      query.set(given);
      var dots = new float[40];
      Kernels.scalar().rows().dots(query.probe(), data.centres(), 4L * d, 40, dots);
      for (int list = 0; list < 40; list++) {
        double key = TestVectors.key(metric, given, rows[data.order().row(list)]);
        double scale = metric == Metric.COSINE ? 1 : 100;
        assertThat(query.lower(list, dots[list])).isBetween(key - 1e-4 * scale, key);
      }
    }
  }
}
