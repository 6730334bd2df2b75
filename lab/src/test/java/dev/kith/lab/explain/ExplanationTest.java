package dev.kith.lab.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.VectorSource;
import dev.kith.lab.explain.Explanation.Step;
import dev.kith.lab.measure.Oracle;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class ExplanationTest {
  private static final float[][] POINTS = {{1, 1}, {4, 5}, {3, 1.5f}, {-2, 3}};
  private static final float[] QUERY = {2, -1};

  @Test
  void ofPoints_fourPoints_showsTheArithmetic() {
    var told = Explanation.ofPoints(POINTS, QUERY, 2);
    assertThat(told.steps())
        .extracting(Step::title)
        .containsExactly("The points, and a question", "The distances", "Sorting", "The nearest");
    assertThat(told.steps().get(1).text())
        .contains(
            "row 0: (1 - 2)^2 + (1 - (-1))^2 = 1 + 4 = 5, root 2.2361\n",
            "row 2: (3 - 2)^2 + (1.5 - (-1))^2 = 1 + 6.25 = 7.25, root 2.6926\n",
            "row 3: (-2 - 2)^2 + (3 - (-1))^2 = 16 + 16 = 32, root 5.6569\n");
    assertThat(told.steps().get(2).text())
        .contains("1. row 0, distance 2.2361\n2. row 2, distance 2.6926\n3. row 3,");
    assertThat(told.steps().get(3).text())
        .contains("The first 2 of that list: rows 0, 2.\n", " finds the same.\n");
    assertThat(told.answer()).containsExactly(0, 2);
  }

  @Test
  void ofPoints_andBounds_randomPoints_findWhatTheDefinitionNames(SplittableRandom random) {
    for (int round = 0; round < 50; round++) {
      int d = random.nextInt(1, 4);
      var points = new float[random.nextInt(1, 40)][d];
      for (var point : points) {
        place(random, point);
      }
      var query = new float[d];
      place(random, query);
      int k = random.nextInt(1, 6);
      try (var rows = VectorSource.of(points);
          var asked = VectorSource.of(query)) {
        var truth =
            Arrays.stream(Oracle.nearest(rows, asked, Metric.L2, k, null)[0])
                .mapToObj(row -> (int) row)
                .toList();
        var told = Explanation.ofPoints(points, query, k);
        var bounded = Explanation.ofBounds(points, query, k);
        assertThat(told.answer()).isEqualTo(truth);
        assertThat(bounded.answer()).isEqualTo(truth);
        assertThat(told.steps().getLast().text()).endsWith(" finds the same.\n");
        assertThat(bounded.steps().getLast().text()).endsWith(" finds the same.\n");
      }
    }
  }

  /** Places a point at halves: plenty of ties, and no rounding. */
  private static void place(SplittableRandom random, float[] point) {
    for (int i = 0; i < point.length; i++) {
      point[i] = random.nextInt(-8, 9) / 2f;
    }
  }

  @Test
  void ofBounds_fourPoints_excludesTheFarOnes() {
    var told = Explanation.ofBounds(POINTS, QUERY, 1);
    var text = told.steps().stream().map(Step::text).toList();
    assertThat(text.get(0))
        .contains(
            "a multiple of 0.7143.", "row 0 at (1, 1): codes [1, 1], that is (0.7143, 0.7143)");
    assertThat(text.get(1)).contains("A row that is surely farther is out: rows 1, 3.");
    assertThat(text.get(2))
        .contains("2 of 4 rows were read in full, and the answer is proved: row 0.");
  }

  @Test
  void ofRounding_aNearTie_isOrderedOtherwiseByFloat32() {
    var told = Explanation.ofRounding(new float[][] {{4097, 0}, {4096, 90.5124f}}, new float[2]);
    assertThat(told.steps().getFirst().text())
        .contains(
            "row 0 at (4097, 0): squared distance 16785408 in float32, 16785409 in float64",
            "By float32 the order is rows 0, 1, by float64 rows 1, 0.");
    assertThat(told.answer()).containsExactly(1, 0);
  }

  @Test
  void ofBounds_oneNeighbour_isOneRow() {
    assertThat(Explanation.ofBounds(POINTS, QUERY, 1).steps().get(1).text())
        .contains("\n1 row is surely no farther than ");
  }

  @Test
  void ofRounding_pointsFarApart_saysThatNothingChanges() {
    var told = Explanation.ofRounding(POINTS, QUERY);
    assertThat(told.steps().getFirst().text()).contains(": the same here.");
  }

  @Test
  void ofTexts_aModel_ranksByTheAngleOfItsVectors() {
    var texts = List.of("north", "north-east", "south");
    var told =
        Explanation.ofTexts(
            texts,
            "almost north",
            2,
            text ->
                switch (text) {
                  case "north" -> new float[] {0, 2};
                  case "north-east" -> new float[] {5, 5};
                  case "south" -> new float[] {0, -1};
                  default -> new float[] {0.1f, 1};
                });
    assertThat(told.answer()).containsExactly(0, 1);
    assertThat(told.steps().get(0).text()).contains("a point of 2 numbers.", "       (0, 2)\n");
    assertThat(told.steps().get(1).text())
        .contains(
            "1. row 0, cosine 0.995: north\n",
            "2. row 1, cosine 0.774: north-east\n",
            "3. row 2, cosine -0.995: south\n",
            " finds the same.\n");
  }

  @Test
  void of_shapesThatDoNotFit_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Explanation.ofPoints(POINTS, new float[3], 1))
        .withMessage("points must have as many coordinates as the query: query=3, point 0 has 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Explanation.ofBounds(new float[0][], QUERY, 1))
        .withMessage(
            "at least one point, one coordinate and k are needed: points=0, coordinates=2, k=1");
  }

  @Test
  void number_anyValue_losesEmptyDecimals() {
    assertThat(List.of(2.0, 0.5, -0.00001, 1e7, 1.23456).stream().map(Explanation::number))
        .containsExactly("2", "0.5", "0", "10000000", "1.2346");
  }
}
