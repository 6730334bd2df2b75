package dev.kith.core.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ClusteredVectorsTest {

  @Test
  void generate_sameSeed_isTheSameOnEveryMachine() {
    var data = new ClusteredVectors(12, 4, 3, 0.5, 99);
    try (var rows = data.generate(0, 100);
        var later = data.generate(60, 40);
        var other = new ClusteredVectors(12, 4, 3, 0.5, 100).generate(0, 1)) {
      assertThat(later.row(0)).isEqualTo(rows.row(60));
      assertThat(other.row(0)).isNotEqualTo(rows.row(0));
      int hash = 0;
      for (int i = 0; i < 100; i++) {
        hash = 31 * hash + Arrays.hashCode(rows.row(i));
      }
      assertThat(hash).isEqualTo(GOLDEN);
    }
  }

  /** Hash of the first run's rows; a change means that every synthetic benchmark changed. */
  private static final int GOLDEN = -1254734098;

  @Test
  void generate_anySpread_hasTheExpectedNorm() {
    try (var rows = new ClusteredVectors(64, 16, 500, 0.5, 1).generate(0, 4000)) {
      double sum = 0;
      for (long i = 0; i < rows.size(); i++) {
        for (float x : rows.row(i)) {
          sum += x * x;
        }
      }
      assertThat(sum / rows.size()).isEqualTo(64 * 1.25, within(8.0));
    }
  }

  /** Rows on a plane: every third vector is a combination of two others. */
  @Test
  void generate_intrinsicDimensionTwo_liesOnAPlane() {
    try (var rows = new ClusteredVectors(9, 2, 5, 1, 7).generate(0, 3)) {
      float[] a = rows.row(0);
      float[] b = rows.row(1);
      float[] c = rows.row(2);
      double aa = dot(a, a);
      double ab = dot(a, b);
      double bb = dot(b, b);
      double det = aa * bb - ab * ab;
      double x = (dot(c, a) * bb - dot(c, b) * ab) / det;
      double y = (dot(c, b) * aa - dot(c, a) * ab) / det;
      for (int i = 0; i < 9; i++) {
        assertThat(x * a[i] + y * b[i]).isEqualTo(c[i], within(1e-4));
      }
    }
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  @Test
  void new_unfitParameters_areNamed() {
    assertThatThrownBy(() -> new ClusteredVectors(4, 5, 1, 1, 0))
        .hasMessage(
            "need 1 <= intrinsicDimension <= dimension <= 65536, clusters >= 1 and a finite spread"
                + " >= 0: dimension=4, intrinsicDimension=5, clusters=1, spread=1.0");
    assertThatThrownBy(() -> new ClusteredVectors(4, 4, 1, 1, 0).generate(-1, 1))
        .hasMessage("first and size must not be negative: first=-1, size=1");
  }
}
