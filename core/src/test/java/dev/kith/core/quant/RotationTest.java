package dev.kith.core.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import java.util.SplittableRandom;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeded.class)
class RotationTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 100, 128, 384, 385, 1000})
  void apply_anyDimension_keepsProducts(int d, SplittableRandom random) {
    var rotation = new Rotation(d, random.nextLong());
    var a = TestVectors.gaussian(random, d);
    var b = TestVectors.gaussian(random, d);
    double product = dot(a, b);
    double squares = dot(a, a);
    rotation.apply(a);
    rotation.apply(b);
    assertThat(dot(a, b)).isCloseTo(product, within(1e-5 * (d + squares)));
    assertThat(dot(a, a)).isCloseTo(squares, within(1e-5 * (1 + squares)));
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 384, 784})
  void apply_oneElement_isSpreadOverAll(int d, @Fixed SplittableRandom random) {
    var rotation = new Rotation(d, random.nextLong());
    for (int at : new int[] {0, d / 2, d - 1}) {
      var vector = new float[d];
      vector[at] = 1;
      rotation.apply(vector);
      for (float element : vector) {
        assertThat(Math.abs(element)).isLessThan(8 / (float) Math.sqrt(d));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 96})
  void apply_sameSeed_sameBits(int d, SplittableRandom random) {
    long seed = random.nextLong();
    var a = TestVectors.gaussian(random, d);
    var b = a.clone();
    var c = a.clone();
    new Rotation(d, seed).apply(a);
    new Rotation(d, seed).apply(b);
    new Rotation(d, seed + 1).apply(c);
    assertThat(a).isEqualTo(b).isNotEqualTo(c);
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
