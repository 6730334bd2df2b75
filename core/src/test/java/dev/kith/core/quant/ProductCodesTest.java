package dev.kith.core.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.kernel.BlockHits;
import dev.kith.core.kernel.CodeBlocks;
import dev.kith.core.kernel.CodeBlocks.Term;
import dev.kith.core.kernel.ScalarTables;
import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(Seeded.class)
class ProductCodesTest {
  private static final ScalarTables LOOPS = new ScalarTables();

  private static ProductCodes.Plan plan(int parts, int bits, boolean fitted, boolean terms) {
    return new ProductCodes.Plan(parts, bits, fitted, terms, 7);
  }

  private static ProductCodes encode(VectorSource rows, Metric metric, ProductCodes.Plan plan) {
    return ProductCodes.encode(rows, metric, plan, BuildOptions.defaults());
  }

  private static double squaredDistance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
    }
    return sum;
  }

  /** What a row's code stands for and the row, rotated alike. */
  private static float[][] both(ProductCodes codes, VectorSource rows, long row) {
    int d = codes.space().dimension();
    var mapped = new float[d];
    var turned = new float[d];
    var decoded = new float[d];
    codes.space().row(rows, row, mapped);
    codes.coder().rotate(mapped, turned);
    codes.coder().decode(codes.blocks(), row, decoded);
    return new float[][] {turned, decoded};
  }

  /** Every part of a row is coded by the centre that an exhaustive search finds. */
  @ParameterizedTest
  @CsvSource({"7, 3, 8", "16, 16, 8", "20, 6, 4", "64, 8, 4", "5, 1, 4"})
  void encode_anyParts_takesTheNearestCentres(int d, int parts, int bits, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 700, d);
    try (var source = VectorSource.of(rows)) {
      var codes = encode(source, Metric.L2, plan(parts, bits, false, true));
      for (int row = 0; row < rows.length; row += 13) {
        var x = both(codes, source, row)[0];
        for (int part = 0; part < parts; part++) {
          var book = codes.coder().book(part);
          int from = ProductCoder.start(d, parts, part);
          double least = Double.POSITIVE_INFINITY;
          double own = 0;
          for (int cell = 0; cell < book.cells(); cell++) {
            double distance = 0;
            for (int i = 0; i < book.width(); i++) {
              distance += Math.pow((double) x[from + i] - book.get(cell, i), 2);
            }
            least = Math.min(least, distance);
            if (cell == codes.blocks().get(row, 0, part)) {
              own = distance;
            }
          }
          assertThat(own).isCloseTo(least, within(1e-5 * (1 + least)));
        }
        var decoded = both(codes, source, row)[1];
        assertThat(Math.sqrt(squaredDistance(x, decoded)))
            .isCloseTo(codes.residual(row), within(1e-4));
      }
    }
  }

  /**
   * Estimates are the squared distances from what codes stand for, but for the tables' rounding.
   */
  @ParameterizedTest
  @CsvSource({
    "24, 6, 8, false",
    "24, 6, 8, true",
    "24, 8, 4, false",
    "24, 8, 4, true",
    "30, 7, 4, true"
  })
  void estimate_fromSums_isTheDistanceOfTheCode(
      int d, int parts, int bits, boolean terms, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 300, d);
    try (var source = VectorSource.of(rows)) {
      for (boolean fitted : new boolean[] {false, true}) {
        var codes = encode(source, Metric.L2, plan(parts, bits, fitted, terms));
        var query = new ProductQuery(codes.coder(), terms);
        var mapped = new float[d];
        var turned = new float[d];
        codes.space().query(TestVectors.gaussian(random, d), mapped);
        codes.coder().rotate(mapped, turned);
        query.set(mapped);
        var sums = Arena.ofAuto().allocate(4L * CodeBlocks.ROWS * codes.blocks().count(), 4);
        LOOPS.sums(codes.blocks(), 0, (int) codes.blocks().count(), 1, query.tables(), sums);
        for (int row = 0; row < rows.length; row++) {
          float base = terms ? codes.blocks().term(row, 1, Term.BASE) : 0;
          float error = terms ? codes.blocks().term(row, 1, Term.ERROR) : 0;
          int sum = sums.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * row);
          assertThat(query.estimate(sum, base, error))
              .isCloseTo(
                  squaredDistance(turned, both(codes, source, row)[1]),
                  within(2 * query.tables().slack() + 0.02));
        }
      }
    }
  }

  /** No row at the threshold or nearer is dropped, whatever the numbers. */
  @ParameterizedTest
  @CsvSource({"16, 4, 8, false", "16, 8, 4, false", "33, 10, 4, true", "40, 8, 8, true"})
  void scan_rowsAtTheThreshold_areKeptForCertain(
      int d, int parts, int bits, boolean fitted, SplittableRandom random) {
    for (int round = 0; round < 6 * Seeded.effort(); round++) {
      double size = Math.pow(10, random.nextInt(-44, 38));
      var rows = TestVectors.gaussians(random, 150, d);
      for (var row : rows) {
        double own = random.nextInt(3) == 0 ? Math.pow(10, random.nextInt(-5, 1)) : 1;
        for (int i = 0; i < d; i++) {
          row[i] = (float) Math.clamp(row[i] * size * own, -1e38, 1e38);
        }
      }
      try (var source = VectorSource.of(rows)) {
        var codes = encode(source, Metric.L2, plan(parts, bits, fitted, true));
        var query = new ProductQuery(codes.coder(), true);
        var mapped = new float[d];
        var other = new float[d];
        var hits = new BlockHits(rows.length);
        for (int q = 0; q < 10; q++) {
          codes.space().query(rows[random.nextInt(rows.length)], mapped);
          query.set(mapped);
          for (int row = 0; row < rows.length; row++) {
            codes.space().row(source, row, other);
            query.threshold(squaredDistance(mapped, other));
            int kept =
                LOOPS.scan(
                    codes.blocks(), 0, rows.length, 1, query.tables(), MemorySegment.NULL, hits);
            boolean found = false;
            for (int i = 0; i < kept; i++) {
              found |= hits.row(i) == row;
            }
            assertThat(found).as("row %d, size %s", row, size).isTrue();
          }
        }
      }
    }
  }

  /** The bound is of use: where codes lose little, most rows far away are dropped. */
  @Test
  void scan_finerCodes_dropMostRows(@Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 2000, 16);
    try (var source = VectorSource.of(rows)) {
      var codes = encode(source, Metric.L2, plan(16, 8, false, true));
      var query = new ProductQuery(codes.coder(), true);
      var mapped = new float[16];
      codes.space().query(rows[5], mapped);
      query.set(mapped);
      query.threshold(4);
      var hits = new BlockHits(rows.length);
      int kept = LOOPS.scan(codes.blocks(), 0, 2000, 1, query.tables(), MemorySegment.NULL, hits);
      assertThat(kept).isBetween(1, 100);
    }
  }

  @ParameterizedTest
  @CsvSource({"8, false", "4, true"})
  void encode_anyNumberOfThreads_sameBytesAndVerified(
      int bits, boolean fitted, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 1500, 20);
    try (var source = VectorSource.of(rows)) {
      for (var metric : Metric.values()) {
        var plan = plan(5, bits, fitted, true);
        var options = BuildOptions.defaults();
        var one = ProductCodes.encode(source, metric, plan, options.withThreads(1));
        var four = ProductCodes.encode(source, metric, plan, options.withThreads(4));
        assertThat(one.body().mismatch(four.body())).isEqualTo(-1);
        var again = ProductCodes.open(one.body(), metric, plan, 20, 1500);
        assertThat(again.coder().isRotated()).isEqualTo(one.coder().isRotated());
        assertThat(again.firstDifference(source)).isEqualTo(-1);
        again.blocks().set(1000, 0, 2, again.blocks().get(1000, 0, 2) ^ 1);
        assertThat(again.firstDifference(source)).isEqualTo(1000 / 32 * 32);
        var shorter = one.body().asSlice(0, one.body().byteSize() - 64);
        assertThatThrownBy(() -> ProductCodes.open(shorter, metric, plan, 20, 1600))
            .isInstanceOf(VectorDataException.class)
            .hasMessageContaining("build them again");
      }
    }
  }

  /** Where elements of different parts go together, a rotation halves what is lost, and is kept. */
  @Test
  void encode_fittedToCorrelatedRows_keepsTheRotation(@Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 4000, 32);
    for (var row : rows) {
      for (int i = 0; i < 8; i++) {
        row[i + 8] = row[i] + 0.1f * row[i + 8];
        row[i + 16] = row[i] + 0.1f * row[i + 16];
        row[i + 24] = row[i] + 0.1f * row[i + 24];
      }
    }
    try (var source = VectorSource.of(rows)) {
      var plain = encode(source, Metric.L2, plan(4, 8, false, true));
      var turned = encode(source, Metric.L2, plan(4, 8, true, true));
      assertThat(turned.coder().isRotated()).isTrue();
      double without = 0;
      double with = 0;
      for (int row = 0; row < rows.length; row++) {
        without += Math.pow(plain.residual(row), 2);
        with += Math.pow(turned.residual(row), 2);
      }
      assertThat(with).isLessThan(without / 2);
    }
  }

  /** Of rows without structure, a rotation has nothing to gain; what is kept loses no more. */
  @Test
  void encode_fittedToGaussians_losesNoMore(@Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 3000, 24);
    try (var source = VectorSource.of(rows)) {
      double without = 0;
      double with = 0;
      var plain = encode(source, Metric.L2, plan(6, 8, false, true));
      var maybe = encode(source, Metric.L2, plan(6, 8, true, true));
      for (int row = 0; row < rows.length; row++) {
        without += Math.pow(plain.residual(row), 2);
        with += Math.pow(maybe.residual(row), 2);
      }
      assertThat(with).isLessThan(1.03 * without);
    }
  }

  @Test
  void encode_fewOrEqualRows_isNoFailure() {
    for (int n : new int[] {1, 3, 40}) {
      try (var source = VectorSource.of(new float[n][6])) {
        for (boolean fitted : new boolean[] {false, true}) {
          var codes = encode(source, Metric.COSINE, plan(2, 8, fitted, true));
          assertThat(codes.residual(n - 1)).isLessThan(1e-15f);
          assertThat(codes.firstDifference(source)).isEqualTo(-1);
        }
      }
    }
  }

  @Test
  void encode_wrongPlan_isRefused() {
    try (var source = VectorSource.of(new float[3][4])) {
      assertThatThrownBy(() -> encode(source, Metric.L2, plan(5, 8, false, false)))
          .hasMessage(
              "product codes have 1 part to one an element, at most 32768: parts=5, dimension=4");
      assertThatThrownBy(() -> encode(source, Metric.L2, plan(2, 6, false, false)))
          .hasMessage("product codes have 4 or 8 bits a part: 6");
    }
  }

  /** The orthogonal factor is orthogonal, and no other rotation is nearer. */
  @Test
  void orthogonalFactor_anyMatrix_isTheNearestRotation(SplittableRandom random) {
    int d = 12;
    var matrix = new double[d][d];
    for (var row : matrix) {
      for (int j = 0; j < d; j++) {
        row[j] = random.nextGaussian() * Math.pow(10, random.nextInt(-2, 2));
      }
    }
    var copy = new double[d][];
    for (int i = 0; i < d; i++) {
      copy[i] = matrix[i].clone();
    }
    var factor = OrthogonalFactor.of(copy);
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        double product = 0;
        double symmetric = 0;
        for (int k = 0; k < d; k++) {
          product += factor[i][k] * factor[j][k];
          symmetric += factor[k][i] * matrix[k][j] - factor[k][j] * matrix[k][i];
        }
        assertThat(product).isCloseTo(i == j ? 1 : 0, within(1e-10));
        // Factor^T matrix is symmetric, which makes it the polar factor.
        assertThat(symmetric).isCloseTo(0, within(1e-8));
      }
    }
  }

  /** Centres lose less with each round, and none is left without points where points differ. */
  @Test
  void codebook_fit_repairsEmptyCentres(@Fixed SplittableRandom random) {
    int count = 2000;
    var points = new float[2 * count];
    for (int i = 0; i < count; i++) {
      boolean far = i % 100 == 0;
      points[2 * i] = far ? 1000 + random.nextInt(20) : 0;
      points[2 * i + 1] = far ? random.nextInt(20) : 0;
    }
    var book = Codebook.start(points, count, 2, 16, random);
    book.fit(points, count, 20);
    var found = new int[count];
    book.nearest(points, 0, count, found, new float[count]);
    assertThat(Arrays.stream(found).distinct().count()).isGreaterThan(12);
  }
}
