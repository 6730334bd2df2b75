package dev.kith.core.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.Picks;
import dev.kith.core.metric.Metric;
import dev.kith.core.testing.PlainHalves;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(Seeded.class)
class RowFloatsTest {
  private static final int N = 150;

  /** Loops with and without products of 16-bit floats in place. */
  private static final List<Kernels> KERNELS =
      List.of(Kernels.scalar(), Kernels.inJava(), PlainHalves.withJava(), PlainHalves.withScalar());

  private static VectorSource source(SplittableRandom random, int d, ElementType type) {
    return switch (type) {
      case FLOAT32 -> VectorSource.of(TestVectors.gaussians(random, N, d));
      case FLOAT16, BFLOAT16 -> {
        var bits = new short[N * d];
        for (int i = 0; i < bits.length; i++) {
          bits[i] = type.bitsOf((float) random.nextGaussian());
        }
        yield VectorSource.of(bits, d, type);
      }
      case INT8, UINT8 -> {
        var bytes = new byte[N * d];
        random.nextBytes(bytes);
        yield VectorSource.of(bytes, d, type);
      }
    };
  }

  /** Squared distance in the space that the metric is mapped to. */
  private static double distance(WalkSpace space, float[] mapped, float[] row) {
    double sum = 0;
    for (int i = 0; i < space.dimension(); i++) {
      sum += ((double) mapped[i] - row[i]) * ((double) mapped[i] - row[i]);
    }
    return sum;
  }

  private static void assertEstimates(
      VectorSource source, Metric metric, RowFloats codes, float[] query, double share) {
    var space = WalkSpace.fit(source, metric, 0);
    var mapped = new float[space.dimension()];
    var other = new float[space.dimension()];
    var picks = new Picks(N);
    for (int i = 0; i < N; i++) {
      picks.rows()[i] = (i * 7 + 3) % N;
    }
    for (var kernels : KERNELS) {
      var scorer = codes.scorers(kernels).scorer();
      var picked = new int[] {5, 2, 149};
      var shared = scorer.sharing(codes.scorersOf(picked, kernels));
      for (int asked = -1; asked < 3; asked++) {
        if (asked < 0) {
          scorer.setQuery(query);
          space.query(query, mapped);
        } else {
          scorer.setRow(asked * 70);
          space.row(source, asked * 70L, mapped);
        }
        scorer.estimate(picks, N);
        double tolerance = 0;
        for (int i = 0; i < N; i++) {
          space.row(source, i, other);
          tolerance = Math.max(tolerance, share * distance(space, mapped, other));
        }
        for (int i = 0; i < N; i++) {
          space.row(source, picks.rows()[i], other);
          assertThat((double) picks.estimates()[i] + scorer.offset())
              .as("%s, row %d, asked %d", kernels.rows().name(), picks.rows()[i], asked)
              .isCloseTo(distance(space, mapped, other), within(tolerance));
        }
        var few = new Picks(3);
        few.rows()[1] = 1;
        few.rows()[2] = 2;
        shared.estimate(few, 3);
        for (int i = 0; i < 3; i++) {
          space.row(source, picked[i], other);
          assertThat((double) few.estimates()[i] + shared.offset())
              .isCloseTo(distance(space, mapped, other), within(tolerance));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT32, 1",
    "FLOAT32, 33",
    "FLOAT32, 64",
    "FLOAT16, 40",
    "BFLOAT16, 17",
    "INT8, 16",
    "UINT8, 70"
  })
  void inPlace_estimates_areSquaredDistances(ElementType type, int d, SplittableRandom random) {
    var query = TestVectors.gaussian(random, d);
    try (var source = source(random, d, type)) {
      for (var metric : Metric.values()) {
        var codes = RowFloats.inPlace(source, metric, BuildOptions.defaults());
        assertThat(codes.isInPlace()).isTrue();
        assertEstimates(source, metric, codes, query, 1e-5);
        assertEstimates(
            source, metric, RowFloats.openInPlace(codes.body(), source, metric), query, 1e-5);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"FLOAT32, 1", "FLOAT32, 33", "FLOAT32, 64", "BFLOAT16, 17", "INT8, 16", "UINT8, 70"})
  void halves_estimates_areSquaredDistances(ElementType type, int d, SplittableRandom random) {
    var query = TestVectors.gaussian(random, d);
    try (var source = source(random, d, type)) {
      for (var metric : Metric.values()) {
        var codes = RowFloats.halves(source, metric, BuildOptions.defaults());
        assertThat(codes.isInPlace()).isFalse();
        assertEstimates(source, metric, codes, query, 2e-3);
        var again = RowFloats.openHalves(codes.body(), metric, d, N);
        assertEstimates(source, metric, again, query, 2e-3);
      }
    }
  }

  /** Neither overflow nor underflow of 16 bits: a copy has a scale of its own. */
  @ParameterizedTest
  @CsvSource({"1e-9", "1", "1e9"})
  void halves_anyScale_keepTheirDigits(float scale, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, N, 20);
    for (var row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] = (row[i] + 3) * scale;
      }
    }
    try (var source = VectorSource.of(rows)) {
      var codes = RowFloats.halves(source, Metric.L2, BuildOptions.defaults());
      assertEstimates(source, Metric.L2, codes, rows[7].clone(), 2e-3);
    }
  }

  @Test
  void estimate_zeroRowsAndQueries_isNoFailure() {
    try (var source = VectorSource.of(new float[N][4])) {
      for (var metric : Metric.values()) {
        for (var codes :
            List.of(
                RowFloats.inPlace(source, metric, BuildOptions.defaults()),
                RowFloats.halves(source, metric, BuildOptions.defaults()))) {
          assertEstimates(source, metric, codes, new float[4], 0);
        }
      }
    }
  }

  @Test
  void equal_rows_areThoseOfEqualBytes() {
    var rows = new float[][] {{1, 2, 3}, {1, 2, 4}, {1, 2, 3}, {3, 2, 1}};
    try (var source = VectorSource.of(rows)) {
      for (WalkCodes codes :
          List.of(
              RowFloats.inPlace(source, Metric.L2, BuildOptions.defaults()),
              RowFloats.halves(source, Metric.L2, BuildOptions.defaults()),
              RowCodes.encode(source, Metric.L2, 8, 1, BuildOptions.defaults()))) {
        assertThat(codes.equal(0, 2)).isTrue();
        assertThat(codes.hash(0)).isEqualTo(codes.hash(2));
        assertThat(codes.equal(0, 1)).isFalse();
        assertThat(codes.equal(0, 3)).isFalse();
      }
    }
  }

  @Test
  void encode_notFinite_namesTheRow() {
    try (var source = VectorSource.of(new float[][] {{1, 2}, {3, Float.NEGATIVE_INFINITY}})) {
      assertThatThrownBy(() -> RowFloats.inPlace(source, Metric.DOT, BuildOptions.defaults()))
          .isInstanceOf(VectorDataException.class)
          .hasMessageContaining("row=1, element=1, found=-Infinity");
      assertThatThrownBy(() -> RowFloats.halves(source, Metric.L2, BuildOptions.defaults()))
          .isInstanceOf(VectorDataException.class)
          .hasMessageContaining("row=1, element=1, found=-Infinity");
    }
  }
}
