package dev.kith.core.quant;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.kernel.PanelHits;
import dev.kith.core.kernel.PanelQuery;
import dev.kith.core.kernel.Panels;
import dev.kith.core.kernel.ScalarPanels;
import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The two claims of {@link PanelBound}, tried on hostile pairs with one code and with two. */
@ExtendWith(Seeded.class)
class PanelBoundTest {
  private static final int PANELS = 2500 * Seeded.effort();
  private static final int ROWS = 16;
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Sixteen rows and a query, hostile to each other. */
  private static final class Case {
    final Metric metric;
    final float[] centre;
    final float[][] rows = new float[ROWS][];
    final float[] query;
    final PanelBound bound;

    Case(Metric metric, SplittableRandom random, int round) {
      this.metric = metric;
      int d = round % 100 == 99 ? 768 : 1 + random.nextInt(70);
      float[] near = hostile(random, d);
      this.centre = centre(random, near);
      for (int r = 0; r < ROWS; r++) {
        rows[r] =
            switch (random.nextInt(8)) {
              case 0 -> r == 0 ? near : rows[r - 1].clone();
              case 1, 2 -> nearly(r == 0 ? near : rows[r - 1], random);
              case 3 -> random.nextBoolean() ? centre.clone() : nearly(centre, random);
              default -> hostile(random, d);
            };
      }
      this.query =
          switch (random.nextInt(8)) {
            case 0 -> rows[random.nextInt(ROWS)].clone();
            case 1, 2 -> nearly(rows[random.nextInt(ROWS)], random);
            case 3 -> random.nextBoolean() ? centre.clone() : nearly(centre, random);
            // One term of the sum is about the last digit of another.
            case 4 -> scaled(rows[random.nextInt(ROWS)].clone(), random.nextInt(-30, 30));
            default -> hostile(random, d);
          };
      this.bound = new PanelBound(metric, centre);
    }

    double key(int row) {
      return TestVectors.key(metric, query, rows[row]);
    }

    @Override
    public String toString() {
      return "%s, d=%d, centre=%s, query=%s"
          .formatted(metric, query.length, norm(centre), norm(query));
    }
  }

  private static float[] centre(SplittableRandom random, float[] near) {
    return switch (random.nextInt(6)) {
      case 0 -> TestVectors.gaussian(random, near.length);
      case 1 -> near.clone();
      case 2 -> scaled(TestVectors.gaussian(random, near.length), random.nextInt(-40, 100));
      default -> new float[near.length];
    };
  }

  /** Vector of any magnitude from denormal to 1e30 and past it, of any shape. */
  private static float[] hostile(SplittableRandom random, int d) {
    float[] x = TestVectors.gaussian(random, d);
    switch (random.nextInt(16)) {
      case 0 -> Arrays.fill(x, 0);
      case 1 -> Arrays.fill(x, x[0]);
      case 2 -> {
        int hot = random.nextInt(d);
        for (int i = 0; i < d; i++) {
          x[i] = i == hot ? x[i] : 0;
        }
      }
      case 3 -> {
        for (int i = 0; i < d; i++) {
          x[i] = Math.scalb(x[i], -random.nextInt(30));
        }
      }
      case 4, 5 -> { // a row's codes hold it as it is
        for (int i = 0; i < d; i++) {
          x[i] = random.nextInt(-127, 128);
        }
        x[random.nextInt(d)] = 127;
        return scaled(x, guarded(random));
      }
      case 6 -> { // the largest element is where the guards of row and query begin
        float max = 0;
        for (float element : x) {
          max = Math.max(max, Math.abs(element));
        }
        float size = (random.nextBoolean() ? 127 : 63) * (0.99f + 0.02f * random.nextInt(2));
        for (int i = 0; i < d; i++) {
          x[i] = x[i] / max * size;
        }
        return scaled(x, guarded(random));
      }
      default -> {}
    }
    int exponent = random.nextInt(4) == 0 ? random.nextInt(-149, 120) : random.nextInt(-12, 12);
    return scaled(x, exponent);
  }

  /** Exponent around the trusted scales, 2^-60 to 2^44, and where products end. */
  private static int guarded(SplittableRandom random) {
    return switch (random.nextInt(4)) {
      case 0 -> -60 + random.nextInt(-1, 2);
      case 1 -> 44 + random.nextInt(-1, 2);
      case 2 -> -78 + random.nextInt(-8, 9);
      default -> random.nextInt(-8, 8);
    };
  }

  private static float[] scaled(float[] x, int exponent) {
    for (int i = 0; i < x.length; i++) {
      float value = Math.scalb(x[i], exponent);
      x[i] = Float.isFinite(value) ? value : Math.copySign(Float.MAX_VALUE, value);
    }
    return x;
  }

  /** Vector so close to {@code row} that a squared distance loses all its digits. */
  private static float[] nearly(float[] row, SplittableRandom random) {
    var x = row.clone();
    for (int i = 0; i < x.length; i++) {
      float value = x[i] * (1 + 0x1p-23f * random.nextInt(-3, 4));
      x[i] = Float.isFinite(value) ? value : row[i];
    }
    return x;
  }

  private static double norm(float[] x) {
    double squares = 0;
    for (float element : x) {
      squares += (double) element * element;
    }
    return Math.sqrt(squares);
  }

  private static long product(byte[] a, byte[] b) {
    long sum = 0;
    for (int i = 0; i < b.length; i++) {
      sum += (long) a[i] * b[i];
    }
    return sum;
  }

  /** Statement of a query's bound about a row. */
  private record Said(double estimate, double error) {
    static Said of(PanelBound.Query query, PanelBound.Row row) {
      return new Said(
          query.estimate(
              product(row.codes, query.codes()),
              product(row.codes, query.lowCodes()),
              row.scale,
              row.base),
          query.error(row.residual, row.reach));
    }

    /** Whether the interval is finite; otherwise the row must stay, whatever {@code tau} is. */
    boolean known() {
      return error < Double.POSITIVE_INFINITY && Math.abs(estimate) < Double.POSITIVE_INFINITY;
    }

    double lower() {
      return known() ? estimate - error : Double.NEGATIVE_INFINITY;
    }
  }

  @ParameterizedTest
  @EnumSource
  void error_hostilePairs_containsTheCanonicalKey(Metric metric, SplittableRandom random) {
    for (boolean two : new boolean[] {true, false}) {
      int tight = 0;
      int exact = 0;
      for (int round = 0; round < PANELS; round++) {
        var pairs = new Case(metric, random, round);
        var query = pairs.bound.newQuery(two, pairs.bound.newScratch());
        query.set(pairs.query);
        var row = pairs.bound.new Row();
        for (int r = 0; r < ROWS; r++) {
          row.encode(pairs.rows[r]);
          var said = Said.of(query, row);
          if (said.error < Double.POSITIVE_INFINITY) {
            double key = pairs.key(r);
            assertThat(key)
                .as("two=%s %s row=%s", two, pairs, norm(pairs.rows[r]))
                .isBetween(said.estimate - said.error, said.estimate + said.error);
            double size = norm(pairs.query) + norm(pairs.rows[r]);
            double width =
                switch (metric) {
                  case L2 -> size * size;
                  case DOT -> norm(pairs.query) * norm(pairs.rows[r]);
                  case COSINE -> 1;
                };
            tight += said.error <= 0.05 * width ? 1 : 0;
            exact += said.error <= 1e-10 * width ? 1 : 0;
          }
        }
      }
      // Most pairs, or the interval proves nothing; and some to the last digits.
      assertThat(tight).isGreaterThan(PANELS * ROWS / 3);
      assertThat(exact).isGreaterThan(PANELS * ROWS / 20);
    }
  }

  /** Lays out the rows as the loops read them, after {@link Panels}. */
  private static MemorySegment panel(
      Arena arena, PanelBound bound, float[][] rows, Said[] said, PanelBound.Query query) {
    int groups = Panels.groups(rows[0].length);
    var panel = arena.allocate(Panels.stride(groups), 64);
    panel.fill((byte) Panels.BIAS);
    var row = bound.new Row();
    for (int r = 0; r < ROWS; r++) {
      row.encode(rows[r]);
      said[r] = Said.of(query, row);
      for (int i = 0; i < row.codes.length; i++) {
        panel.set(
            ValueLayout.JAVA_BYTE,
            (long) i / 4 * Panels.GROUP_BYTES + 4L * r + i % 4,
            (byte) (row.codes[i] + Panels.BIAS));
      }
      long at = Panels.termsAt(groups) + 4L * r;
      panel.set(FLOAT, at + Panels.SCALE, row.scale);
      panel.set(FLOAT, at + Panels.LIFT, row.lift);
      panel.set(FLOAT, at + Panels.RESIDUAL, row.residual);
      panel.set(FLOAT, at + Panels.REACH, row.reach);
    }
    return panel;
  }

  /** A {@code tau} at the edge, a little to either side of it, or far away. */
  private static double tau(SplittableRandom random, Said said) {
    if (!said.known()) {
      return random.nextBoolean() ? -Double.MAX_VALUE : Double.NEGATIVE_INFINITY;
    }
    double lower = said.lower();
    return switch (random.nextInt(6)) {
      case 0 -> lower;
      case 1 -> lower + Math.abs(lower) * 0x1p-50 * random.nextInt(1000);
      case 2 -> lower - Math.abs(lower) * 0x1p-50 * random.nextInt(1000);
      case 3 -> lower - said.error * random.nextDouble();
      case 4 -> lower + said.error * random.nextDouble();
      default -> lower - Math.abs(lower) * random.nextDouble();
    };
  }

  @ParameterizedTest
  @EnumSource
  void threshold_hostilePairs_keepsWhatTheBoundKeeps(Metric metric, SplittableRandom random) {
    for (boolean two : new boolean[] {true, false}) {
      int excluded = 0;
      int dropped = 0;
      for (int round = 0; round < PANELS; round++) {
        var pairs = new Case(metric, random, round);
        int d = pairs.query.length;
        var query = pairs.bound.newQuery(two, pairs.bound.newScratch());
        query.set(pairs.query);
        var said = new Said[ROWS];
        try (var arena = Arena.ofConfined()) {
          var panel = panel(arena, pairs.bound, pairs.rows, said, query);
          // The second codes of a query that has one an element are zeros here.
          var coded = PanelQuery.single(arena, d);
          query.putInto(coded, 0);
          var terms = coded.termsCopy(arena);
          var hits = PanelHits.ofScan(arena, ROWS);
          for (int r = 0; r < ROWS; r++) {
            double key = pairs.key(r);
            double tau = random.nextInt(8) == 0 ? key : tau(random, said[r]);
            PanelQuery.threshold(terms, 0, query.threshold(tau));
            int n =
                new ScalarPanels()
                    .scan(panel, 0, 1, Panels.groups(d), coded, terms, MemorySegment.NULL, hits);
            boolean kept = false;
            for (int i = 0; i < n; i++) {
              kept |= hits.row(i) == r;
            }
            double lower = said[r].lower();
            if (lower > tau) {
              excluded++;
              dropped += kept ? 0 : 1;
            }
            // The first claim is what no answer may lose; the second is what the loops promise.
            if (key <= tau || lower <= tau) {
              assertThat(kept)
                  .as(
                      "two=%s %s row=%s key=%s lower=%s error=%s tau=%s",
                      two, pairs, norm(pairs.rows[r]), key, lower, said[r].error, tau)
                  .isTrue();
            }
          }
        }
      }
      assertThat(excluded).isGreaterThan(PANELS * ROWS / 5);
      assertThat(dropped).isGreaterThan(excluded / 3);
    }
  }
}
