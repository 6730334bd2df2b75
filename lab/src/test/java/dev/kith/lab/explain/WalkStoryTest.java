package dev.kith.lab.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.VectorSource;
import dev.kith.lab.explain.Explanation.Step;
import dev.kith.lab.measure.Oracle;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class WalkStoryTest {

  /** A walk that keeps every row finds what the definition names, and says so. */
  @Test
  void of_wideEnough_findsTheNearest(SplittableRandom random) {
    for (int round = 0; round < 10; round++) {
      var points = WalkStory.points(random.nextInt(1, 50), random.nextLong());
      var query = new float[] {random.nextInt(100) / 10f, random.nextInt(70) / 10f};
      int k = random.nextInt(1, 6);
      var story = WalkStory.of(points, query, k, 50);
      try (var rows = VectorSource.of(points);
          var asked = VectorSource.of(query)) {
        var truth =
            Arrays.stream(Oracle.nearest(rows, asked, Metric.L2, k, null)[0])
                .mapToObj(row -> (int) row)
                .toList();
        assertThat(story.told().answer()).isEqualTo(truth);
      }
      int found = story.told().answer().size();
      assertThat(story.told().steps().getLast().text())
          .contains("the walk found %d of %d, a recall of 1.".formatted(found, found));
    }
  }

  @Test
  void of_aWalk_hasAStepForEveryHop() {
    var story = WalkStory.of(WalkStory.points(40, 1), new float[] {2, 2}, 2, 6);
    var steps = story.told().steps();
    assertThat(steps).hasSize(story.trace().hops().size() + 4);
    for (int i = 0; i < story.trace().hops().size(); i++) {
      var hop = story.trace().hops().get(i);
      assertThat(steps.get(i + 2).title()).isEqualTo("Hop %d: row %d".formatted(i + 1, hop.row()));
      assertThat(steps.get(i + 2).text())
          .startsWith(
              "The nearest that was kept and not expanded is row %d, linked to "
                  .formatted(hop.row()));
    }
    assertThat(steps)
        .extracting(Step::title)
        .startsWith("Points, and links between them", "Where the walk begins")
        .endsWith("Nothing is left to expand", "The true distances of what was kept");
  }

  @Test
  void points_anySeed_keepApart() {
    for (long seed = 0; seed < 20; seed++) {
      var points = WalkStory.points(60, seed);
      assertThat(points).hasDimensions(60, 2);
      for (int i = 0; i < 60; i++) {
        for (int j = 0; j < i; j++) {
          assertThat(Metric.L2.key(points[i], points[j])).isGreaterThanOrEqualTo(0.5);
        }
      }
    }
    assertThat(WalkStory.points(40, 1)).isDeepEqualTo(WalkStory.points(40, 1));
  }

  @Test
  void of_tooNarrow_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WalkStory.of(new float[][] {{1}}, new float[] {1}, 2, 1))
        .withMessage("a walk must keep the rows that are wanted: width=1, k=2");
  }
}
