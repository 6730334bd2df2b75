package dev.kith.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.testing.Seeded;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(Seeded.class)
class NearestCentresTest {

  /** With the Vector API and without, ties and numbers that overflow included, to the bit. */
  @ParameterizedTest
  @CsvSource({"1, 16", "3, 16", "8, 256", "17, 256", "5, 12"})
  void find_anyPoints_isThePlainLoopsAnswer(int width, int cells, SplittableRandom random) {
    for (int round = 0; round < 20 * Seeded.effort(); round++) {
      int kind = round % 4;
      int count = random.nextInt(1, 40);
      var points = new float[3 + count * width];
      var centres = new float[width * cells];
      var halves = new float[cells];
      for (var array : new float[][] {points, centres, halves}) {
        for (int i = 0; i < array.length; i++) {
          array[i] =
              switch (kind) {
                case 0 -> random.nextInt(-1, 2); // many ties
                case 1 -> (float) (random.nextGaussian() * 1e25);
                default -> (float) random.nextGaussian();
              };
        }
      }
      var found = new int[count];
      var scores = new float[count];
      NearestCentres.find(points, 3, count, width, centres, halves, found, scores);
      var expected = new int[count];
      var expectedScores = new float[count];
      NearestCentres.plain(points, 3, count, width, centres, halves, expected, expectedScores);
      assertThat(found).isEqualTo(expected);
      assertThat(scores).isEqualTo(expectedScores);
      if (kind == 2) {
        for (int p = 0; p < count; p++) {
          var all = new double[cells];
          for (int cell = 0; cell < cells; cell++) {
            all[cell] = halves[cell];
            for (int i = 0; i < width; i++) {
              all[cell] -= (double) points[3 + p * width + i] * centres[i * cells + cell];
            }
          }
          double least = Arrays.stream(all).min().orElseThrow();
          assertThat(all[found[p]] - least).isLessThan(1e-4);
        }
      }
    }
  }
}
