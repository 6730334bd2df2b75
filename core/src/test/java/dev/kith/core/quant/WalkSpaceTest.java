package dev.kith.core.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(Seeded.class)
class WalkSpaceTest {

  @ParameterizedTest
  @EnumSource(Metric.class)
  void map_anyMetric_distancesOrderAsKeys(Metric metric, SplittableRandom random) {
    int d = 1 + random.nextInt(40);
    var rows = TestVectors.gaussians(random, 60, d);
    rows[7] = new float[d]; // of length zero
    var query = TestVectors.gaussian(random, d);
    try (var source = VectorSource.of(rows)) {
      for (long seed : new long[] {0, 9}) {
        var space = WalkSpace.fit(source, metric, seed);
        var mapped = new float[space.dimension()];
        var into = new float[space.dimension()];
        space.query(query, mapped);
        var distances = new double[rows.length];
        for (int row = 0; row < rows.length; row++) {
          space.row(source, row, into);
          for (int i = 0; i < into.length; i++) {
            distances[row] += ((double) mapped[i] - into[i]) * ((double) mapped[i] - into[i]);
          }
        }
        for (int a = 0; a < rows.length; a++) {
          for (int b = 0; b < rows.length; b++) {
            double keys = metric.key(query, rows[a]) - metric.key(query, rows[b]);
            if (a != 7 && b != 7 && keys < -1e-3) { // cosine gives a zero row 0, its place is odd
              assertThat(distances[a]).isLessThan(distances[b] + 1e-4);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void read_whatWasWritten_mapsAlike(Metric metric, SplittableRandom random) {
    int d = 1 + random.nextInt(20);
    var rows = TestVectors.gaussians(random, 20, d);
    try (var source = VectorSource.of(rows);
        var arena = Arena.ofConfined()) {
      var space = WalkSpace.fit(source, metric, 3);
      var bytes = arena.allocate(WalkSpace.bytes(metric, d));
      space.write(bytes);
      var again = WalkSpace.read(bytes, metric, d);
      var a = new float[space.dimension()];
      var b = new float[space.dimension()];
      for (int row = 0; row < rows.length; row++) {
        space.row(source, row, a);
        again.row(source, row, b);
        assertThat(a).isEqualTo(b);
        space.query(rows[row], a);
        again.query(rows[row], b);
        assertThat(a).isEqualTo(b);
      }
    }
  }

  @Test
  void row_notFinite_isNamed() {
    try (var good = VectorSource.of(new float[][] {{1, 2}});
        var bad = VectorSource.of(new float[][] {{1, 2}, {1, Float.POSITIVE_INFINITY}})) {
      var space = WalkSpace.fit(good, Metric.L2, 0);
      assertThatThrownBy(() -> space.row(bad, 1, new float[2]))
          .isInstanceOf(VectorDataException.class)
          .hasMessageContaining("row=1, element=1, found=Infinity");
    }
  }
}
