package dev.kith.core.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.kernel.BlockHits;
import dev.kith.core.kernel.CodeBlocks;
import dev.kith.core.kernel.CodeBlocks.Term;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.ScalarTables;
import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeded.class)
class RotatedCodesTest {
  private static final ScalarTables LOOPS = new ScalarTables();
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private static RotatedCodes encode(VectorSource rows, Metric metric, int bits, int threads) {
    return RotatedCodes.encode(rows, metric, bits, 7, BuildOptions.defaults().withThreads(threads));
  }

  private static int[] sums(CodeBlocks blocks, int planes, RotatedQuery query) {
    var sums = Arena.ofAuto().allocate(4L * CodeBlocks.ROWS * blocks.count(), 4);
    LOOPS.sums(blocks, 0, (int) blocks.count(), planes, query.tables(), sums);
    return sums.toArray(INT);
  }

  private static double squaredDistance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
    }
    return sum;
  }

  private static double length(float[] a) {
    return Math.sqrt(squaredDistance(a, new float[a.length]));
  }

  /** What the loops sum up is the product of the query with the decoded row, in float64. */
  @ParameterizedTest
  @CsvSource({"1, 3", "1, 64", "1, 130", "2, 65", "4, 96", "8, 33"})
  void estimate_fromSums_isTheDefinitions(int bits, int d, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 70, d);
    try (var source = VectorSource.of(rows)) {
      var codes = encode(source, Metric.L2, bits, 0);
      var query = new RotatedQuery(codes.coder());
      var mapped = new float[d];
      var row = new float[d];
      var decoded = new float[d];
      codes.space().query(TestVectors.gaussian(random, d), mapped);
      query.set(mapped);
      query.about(query.squares(), bits, Bound.CERTAIN);
      var sums = sums(codes.blocks(), bits, query);
      for (int r = 0; r < rows.length; r++) {
        codes.space().row(source, r, row);
        codes.coder().decode(codes.blocks(), r, decoded);
        double product = 0;
        for (int i = 0; i < d; i++) {
          product += (double) mapped[i] * decoded[i];
        }
        double expected = query.squares() + Math.pow(length(row), 2) - 2 * product;
        float base = codes.blocks().term(r, bits, Term.BASE);
        float slope = codes.blocks().term(r, bits, Term.SLOPE);
        double slack = -slope * ((1 << bits) - 1) * query.tables().slack() * 2;
        assertThat(query.estimate(sums[r], base, slope))
            .isCloseTo(expected, within(slack + 2e-4 * (expected + query.squares() + d)));
      }
    }
  }

  /** The estimate's mean over rotations is the distance, and its spread the error bar's. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void estimate_overManyRotations_isUnbiased(int bits, @Fixed SplittableRandom random) {
    int d = 96;
    int rounds = 3000;
    var row = TestVectors.gaussian(random, d);
    var query = TestVectors.gaussian(random, d);
    double distance = squaredDistance(row, query);
    double mean = 0;
    double squares = 0;
    var coder = new RotatedCoder(d, bits);
    var work = coder.work();
    var blocks = CodeBlocks.allocate(Arena.ofAuto(), coder.shape(), 1);
    var asked = new RotatedQuery(coder);
    for (int round = 0; round < rounds; round++) {
      var rotation = new Rotation(d, random.nextLong());
      var x = row.clone();
      var q = query.clone();
      rotation.apply(x);
      rotation.apply(q);
      work.encode(x, null, blocks, 0);
      asked.set(q);
      asked.about(asked.squares(), bits, Bound.CERTAIN);
      float slope = blocks.term(0, bits, Term.SLOPE);
      float error = blocks.term(0, bits, Term.ERROR);
      int sum = sums(blocks, bits, asked)[0];
      double off = asked.estimate(sum, blocks.term(0, bits, Term.BASE), slope) - distance;
      off /= error * length(query) / Math.sqrt(d - 1.0);
      mean += off / rounds;
      squares += off * off / rounds;
    }
    assertThat(mean).isCloseTo(0, within(4 / Math.sqrt(rounds)));
    // The query's part along the row is no part of the error.
    assertThat(Math.sqrt(squares)).isBetween(0.85, 1.1);
  }

  /**
   * Rows whose distance is below the probable bound are no more, over many rotations, than its
   * probability says, also where a row and a query have few elements that are not zero.
   */
  @ParameterizedTest
  @CsvSource({"1, 64, 1.5", "1, 128, 2", "1, 384, 2.5", "1, 384, 3.1", "4, 128, 2"})
  void lower_probable_missesNoMoreThanItSays(
      int bits, int d, double z, @Fixed SplittableRandom random) {
    var bound = new Bound.Probable(z);
    int rotations = 40_000 / d;
    int n = 96;
    var coder = new RotatedCoder(d, bits);
    var work = coder.work();
    var blocks = CodeBlocks.allocate(Arena.ofAuto(), coder.shape(), n);
    var asked = new RotatedQuery(coder);
    var hits = new BlockHits(n);
    long missed = 0;
    long all = 0;
    for (int round = 0; round < rotations; round++) {
      var rotation = new Rotation(d, random.nextLong());
      var query = sparse(random, d, round % 3);
      var rows = new float[n][];
      for (int r = 0; r < n; r++) {
        rows[r] = sparse(random, d, round % 2);
        for (int i = 0; i < d; i++) {
          rows[r][i] += query[i] * (r % 4) / 4;
        }
      }
      rotation.apply(query);
      asked.set(query);
      asked.about(asked.squares(), bits, bound);
      for (int r = 0; r < n; r++) {
        rotation.apply(rows[r]);
        work.encode(rows[r], null, blocks, r);
      }
      assertThat(LOOPS.scan(blocks, 0, n, bits, asked.tables(), MemorySegment.NULL, hits))
          .isEqualTo(n);
      for (int r = 0; r < n; r++) {
        if (asked.lower(hits.bound(r)) > squaredDistance(rows[r], query)) {
          missed++;
        }
        all++;
      }
    }
    double said = bound.miss(d);
    assertThat(said).isBetween(0.2 * gauss(z), gauss(z));
    // Rows of one rotation and one query are not independent: three times the usual deviation.
    assertThat((double) missed / all).isLessThan(said + 9 * Math.sqrt(said / all));
    assertThat(missed).isPositive(); // the bar is no wider than it need be
  }

  private static float[] sparse(SplittableRandom random, int d, int kind) {
    var vector = TestVectors.gaussian(random, d);
    if (kind == 1) {
      for (int i = 0; i < d; i++) {
        vector[i] = random.nextInt(d) < 6 ? vector[i] * 4 : 0;
      }
      vector[random.nextInt(d)] = 1;
    }
    return vector;
  }

  /** Upper tail of the Gaussian, by its asymptotic bounds' mean, which is good to some percent. */
  private static double gauss(double z) {
    double density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
    return density * (z / (z * z + 1) + 1 / z) / 2 * 1.05;
  }

  @Test
  void miss_knownCaps_areTheirShares() {
    // In three dimensions a cap of the circle perpendicular to a row: weight = cos of half its arc.
    double z = Math.sqrt(2) * Math.cos(Math.PI / 6);
    assertThat(new Bound.Probable(z).miss(3)).isCloseTo(1 / 6.0, within(1e-6));
    // In four, a cap of the sphere, whose share is half of its height.
    assertThat(new Bound.Probable(Math.sqrt(3) * 0.6).miss(4)).isCloseTo(0.2, within(1e-6));
    // In many, the Gaussian's tail.
    assertThat(new Bound.Probable(3.090232).miss(20_000)).isCloseTo(1e-3, within(1e-5));
    assertThat(new Bound.Probable(100).miss(50)).isZero();
    assertThat(Bound.CERTAIN.miss(100)).isZero();
    assertThatThrownBy(() -> new Bound.Probable(0)).hasMessageContaining("z=0.0");
  }

  /**
   * Whatever the numbers, the certain bound is not above the distance, for no bits and no centre.
   */
  @ParameterizedTest
  @CsvSource({"1, 5", "1, 64", "1, 100", "2, 37", "3, 64", "5, 64", "8, 130"})
  void lower_certain_isNeverAboveTheDistance(int bits, int d, SplittableRandom random) {
    var coder = new RotatedCoder(d, bits);
    var work = coder.work();
    int n = 64;
    for (int round = 0; round < 30 * Seeded.effort(); round++) {
      double size = Math.pow(10, random.nextInt(-44, 38));
      double other = random.nextBoolean() ? size : Math.pow(10, random.nextInt(-44, 38));
      var rotation = new Rotation(d, random.nextLong());
      var centre = random.nextBoolean() ? null : hostile(random, d, size);
      var query = hostile(random, d, other);
      var rows = new float[n][];
      for (int r = 0; r < n; r++) {
        rows[r] = r % 8 == 0 ? query.clone() : hostile(random, d, size);
        if (r % 8 == 1) {
          rows[r][random.nextInt(d)] += (float) (size * random.nextGaussian());
        }
      }
      var blocks = CodeBlocks.allocate(Arena.ofAuto(), coder.shape(), n);
      var x = new float[n][];
      var c = centre == null ? null : centre.clone();
      if (c != null) {
        rotation.apply(c);
      }
      for (int r = 0; r < n; r++) {
        x[r] = rows[r].clone();
        rotation.apply(x[r]);
        work.encode(x[r], c, blocks, r);
      }
      var q = query.clone();
      rotation.apply(q);
      var asked = new RotatedQuery(coder);
      asked.set(q);
      double toCentre = squaredDistance(q, c == null ? new float[d] : c);
      var hits = new BlockHits(n);
      for (int scanned : bits == 1 ? new int[] {1} : new int[] {1, bits}) {
        asked.about(toCentre, scanned, Bound.CERTAIN);
        for (int r = 0; r < n; r++) {
          // Before rotation: rotating in float32 is within the bound.
          double distance = squaredDistance(query, rows[r]);
          asked.threshold(distance);
          int kept = LOOPS.scan(blocks, 0, n, scanned, asked.tables(), MemorySegment.NULL, hits);
          boolean found = false;
          for (int i = 0; i < kept; i++) {
            if (hits.row(i) == r) {
              found = true;
              if (hits.bound(i) > Float.NEGATIVE_INFINITY) {
                assertThat(asked.lower(hits.bound(i))).isLessThanOrEqualTo(distance);
              }
            }
          }
          assertThat(found).as("row %d, %d bits, size %s and %s", r, scanned, size, other).isTrue();
        }
      }
    }
  }

  private static float[] hostile(SplittableRandom random, int d, double size) {
    var vector = TestVectors.gaussian(random, d);
    int kind = random.nextInt(4);
    for (int i = 0; i < d; i++) {
      double value =
          switch (kind) {
            case 0 -> vector[i];
            case 1 -> i == 0 ? 1 : 0;
            case 2 -> vector[i] * Math.pow(10, random.nextInt(-6, 1));
            default -> 1 + 1e-5 * vector[i];
          };
      vector[i] = (float) Math.clamp(value * size, -1e38, 1e38);
    }
    return vector;
  }

  /** More bits lose less, about half with each, and at most what is stated. */
  @Test
  void residual_moreBits_isLess(@Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 100, 128);
    try (var source = VectorSource.of(rows)) {
      double before = Double.POSITIVE_INFINITY;
      for (int bits = 1; bits <= 8; bits++) {
        var codes = encode(source, Metric.L2, bits, 0);
        var row = new float[128];
        var decoded = new float[128];
        double sum = 0;
        for (int r = 0; r < rows.length; r++) {
          codes.space().row(source, r, row);
          codes.coder().decode(codes.blocks(), r, decoded);
          double lost = Math.sqrt(squaredDistance(row, decoded));
          assertThat(lost).isCloseTo(codes.residual(r), within(1e-3 * length(row)));
          sum += lost / length(row) / rows.length;
        }
        assertThat(sum).isLessThan(bits < 3 ? before : 0.6 * before);
        before = sum;
      }
      assertThat(before).isLessThan(0.012);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void encode_anyNumberOfThreads_sameBytesAndVerified(int bits, SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 1500, 20);
    try (var source = VectorSource.of(rows)) {
      for (var metric : Metric.values()) {
        var one = encode(source, metric, bits, 1);
        var four = encode(source, metric, bits, 4);
        assertThat(one.body().mismatch(four.body())).isEqualTo(-1);
        assertThat(one.body().byteSize()).isEqualTo(RotatedCodes.bytes(bits, metric, 20, 1500));
        var again = RotatedCodes.open(one.body(), bits, metric, 20, 1500);
        assertThat(again.firstDifference(source)).isEqualTo(-1);
        again.blocks().set(1000, 0, 2, again.blocks().get(1000, 0, 2) ^ 1);
        assertThat(again.firstDifference(source)).isEqualTo(1000 / 32 * 32);
      }
    }
  }

  @Test
  void encode_60BytesARowOf384() {
    assertThat(new RotatedCoder(384, 1).shape().bytes(32)).isEqualTo(32 * 60);
  }

  @Test
  void encode_wrongBitsOrSeed_areRefused() {
    assertThatThrownBy(() -> new RotatedCoder(4, 9))
        .hasMessage("rotated codes have 1 to 8 bits an element: 9");
    try (var source = VectorSource.of(new float[3][4])) {
      assertThatThrownBy(
              () -> RotatedCodes.encode(source, Metric.L2, 1, 0, BuildOptions.defaults()))
          .hasMessage("rotated codes need a rotation: its seed must not be 0");
    }
  }

  /** Every loop finds the rows that the scalar ones find. */
  @Test
  void scan_withTheVectorApi_isTheScalarOnes(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 300, 50);
    try (var source = VectorSource.of(rows)) {
      var codes = encode(source, Metric.COSINE, 2, 0);
      var query = new RotatedQuery(codes.coder());
      var mapped = new float[50];
      codes.space().query(rows[17], mapped);
      query.set(mapped);
      query.about(query.squares(), 1, new Bound.Probable(3));
      query.threshold(0.3 * query.squares());
      var a = new BlockHits(300);
      var b = new BlockHits(300);
      var all = MemorySegment.NULL;
      int kept = LOOPS.scan(codes.blocks(), 0, 300, 1, query.tables(), all, a);
      var tables = Kernels.inJava().tables();
      assertThat(tables.scan(codes.blocks(), 0, 300, 1, query.tables(), all, b)).isEqualTo(kept);
      assertThat(kept).isBetween(1, 299);
      assertThat(a.rows().mismatch(b.rows())).isEqualTo(-1);
      assertThat(a.bounds().mismatch(b.bounds())).isEqualTo(-1);
    }
  }
}
