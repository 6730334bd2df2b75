package dev.kith.lab.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.testing.Seeded;
import dev.kith.lab.peers.SpeedCurve;
import dev.kith.lab.peers.SpeedCurve.Point;
import dev.kith.lab.report.RecallPlot.Line;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class RecallDrawingTest {
  private static final Pattern DOT = Pattern.compile("<circle cx=\"([\\d.]+)\" cy=\"([\\d.]+)\"");

  private static RecallPlot plot(Line... lines) {
    return new RecallPlot("wn, 5 x 2, l2", 10, 20.94, List.of(lines));
  }

  private static Line line(String name, double... recallsAndRates) {
    var points = new ArrayList<Point>();
    for (int i = 0; i < recallsAndRates.length; i += 2) {
      points.add(new Point("beam " + i, recallsAndRates[i], recallsAndRates[i + 1], 1));
    }
    return new Line(name, new SpeedCurve(points));
  }

  /** Equal ratios of speed are equal distances, and so are nines of recall. */
  @Test
  void drawn_twoDecades_standWhereTheScalesSay() {
    var drawing = new RecallDrawing(plot(line("a", 0.9, 1000, 0.99, 100, 0.5, 10_000)), 400, 300);
    var dots = DOT.matcher(drawing.drawn()).results().toList();
    assertThat(dots).hasSize(3);
    // Sorted by recall; 10,000 at the top, 100 at the bottom, of 22 to 264.
    assertThat(dots.stream().map(dot -> dot.group(2))).containsExactly("22.0", "143.0", "264.0");
    assertThat(dots.getFirst().group(1)).isEqualTo("48.0");
    double half = Double.parseDouble(dots.get(1).group(1));
    double end = Double.parseDouble(dots.get(2).group(1));
    // (log10(0.5005) - log10(0.1005)) / (log10(0.5005) - log10(0.0105)) of the width.
    assertThat((half - 48) / (end - 48)).isCloseTo(0.4154, within(0.001));
    assertThat(drawing.drawn())
        .contains(">10,000</text>", ">0.9</text>", ">0.99</text>", "recall@10", "beam 0: recall")
        .doesNotContain(">0.995</text>", ">0.8.0</text>");
  }

  /** However the lines run, every number has its own room, inside the drawing. */
  @Test
  void numbers_manyLinesAtOnePlace_doNotMeet(SplittableRandom random) {
    for (int round = 0; round < 50; round++) {
      var lines = new ArrayList<Line>();
      int count = random.nextInt(1, 24);
      boolean same = random.nextBoolean();
      for (int i = 0; i < count; i++) {
        double recall = same ? 0.99 : random.nextDouble(0.5, 1);
        double rate = same ? 1000 : Math.exp(random.nextDouble(2, 12));
        lines.add(line("line " + i, recall, rate, recall / 2, rate * 3));
      }
      var boxes = new RecallDrawing(plot(lines.toArray(Line[]::new)), Picture.INNER, 280).numbers();
      assertThat(boxes).hasSize(count);
      for (int i = 0; i < count; i++) {
        for (int j = 0; j < i; j++) {
          assertThat(boxes.get(i).meets(boxes.get(j))).as("%d and %d", i, j).isFalse();
        }
        assertThat(boxes.get(i).x()).isBetween(0.0, (double) Picture.INNER);
        assertThat(boxes.get(i).y()).isBetween(0.0, 280.0);
      }
    }
  }

  @Test
  void picture_oneExactPoint_isDrawn() {
    var picture = plot(line("flat", 1, 52.5)).picture();
    assertThat(picture.svg())
        .contains(">flat</text>", ">1</text>", "intrinsic dimension 20.9")
        .doesNotContain("NaN", "Infinity");
    assertThat(picture.about())
        .isEqualTo(
            "wn, 5 x 2, l2; intrinsic dimension 20.9. Recall and queries a CPU-second of flat:"
                + " 1.0000 53.");
  }

  @Test
  void broken_longNames_atSpacesAndCommas() {
    assertThat(RecallPlot.broken("kith graph")).containsExactly("kith graph");
    var name = "kith graph(r=32,codes=float16,builder=nndescent,efc=256,alpha=1.2,passes=2,seed=7)";
    var parts = RecallPlot.broken(name);
    assertThat(String.join("", parts)).isEqualTo(name);
    assertThat(parts).hasSize(2).allMatch(part -> part.length() <= 52);
    assertThat(parts.getFirst()).endsWith(",");
    assertThat(RecallPlot.broken("x".repeat(60))).containsExactly("x".repeat(52), "x".repeat(8));
  }

  @Test
  void plot_withoutAPoint_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> plot(line("a")))
        .withMessage("a plot needs an index or more, and a point or more of each");
  }
}
