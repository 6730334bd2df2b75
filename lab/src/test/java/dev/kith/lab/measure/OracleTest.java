package dev.kith.lab.measure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.RowFilter;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.VectorSource;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(Seeded.class)
class OracleTest {

  @ParameterizedTest
  @EnumSource
  void nearest_randomRows_areThoseOfAFullSort(Metric metric, SplittableRandom random) {
    // Whole numbers: plenty of ties.
    var data = random(random, 1500, 3);
    var asked = random(random, 4, 3);
    try (var rows = VectorSource.of(data);
        var queries = VectorSource.of(asked)) {
      var found = Oracle.nearest(rows, queries, metric, 7, null);
      assertThat(found).hasDimensions(4, 7);
      for (int q = 0; q < 4; q++) {
        var query = asked[q];
        assertThat(found[q])
            .containsExactly(
                LongStream.range(0, data.length)
                    .boxed()
                    .sorted(
                        Comparator.comparingDouble(
                                (Long r) -> metric.key(query, data[(int) (long) r]))
                            .thenComparing(Comparator.naturalOrder()))
                    .limit(7)
                    .mapToLong(r -> r)
                    .toArray());
      }
    }
  }

  @Test
  void nearest_aFilter_findsOnlyWhatPasses() {
    try (var rows = VectorSource.of(new float[][] {{0}, {1}, {2}, {3}});
        var query = VectorSource.of(new float[][] {{0}})) {
      var odd = RowFilter.of(4, row -> row % 2 == 1);
      assertThat(Oracle.nearest(rows, query, Metric.L2, 3, odd)[0]).containsExactly(1, 3);
    }
  }

  private static float[][] random(SplittableRandom random, int count, int d) {
    var rows = new float[count][d];
    for (var row : rows) {
      for (int i = 0; i < d; i++) {
        row[i] = random.nextInt(-3, 4);
      }
    }
    return rows;
  }
}
