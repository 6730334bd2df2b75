package dev.kith.lab.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.kith.lab.explain.WalkStory;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;

class PictureTest {
  private static final float[][] POINTS = {{1, 1}, {4, 5}, {3, 1.5f}, {-2, 3}};

  @TempDir Path temp;

  private static List<Picture> all() {
    var pictures = new ArrayList<>(Reports.whole("A report").pictures());
    pictures.add(PointsPicture.of(POINTS, new float[] {2, 2}, List.of(2, 0)));
    pictures.add(walk());
    return pictures;
  }

  private static Picture walk() {
    var points = WalkStory.points(40, 1);
    var query = new float[] {2, 2};
    var story = WalkStory.of(points, query, 2, 6);
    return WalkPicture.of(points, query, story.graph(), story.trace(), story.told().answer());
  }

  private static Document parsed(Picture picture) throws Exception {
    return DocumentBuilderFactory.newDefaultInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(picture.svg().getBytes(UTF_8)));
  }

  @Test
  void pictures_wholeReport_areLadderCurvesMapAndStretches() {
    assertThat(all())
        .extracting(Picture::name)
        .containsExactly("ladder", "recall", "map", "timeline-copy", "points", "walk");
  }

  /**
   * A picture is what {@code img} shows: XML, no script, no other file, both colour schemes, told
   * in words.
   */
  @Test
  void svg_anyPicture_standsAlone() throws Exception {
    for (var picture : all()) {
      var svg = parsed(picture).getDocumentElement();
      assertThat(svg.getNamespaceURI() == null ? svg.getAttribute("xmlns") : svg.getNamespaceURI())
          .isEqualTo("http://www.w3.org/2000/svg");
      assertThat(svg.getElementsByTagName("script").getLength()).isZero();
      assertThat(picture.svg())
          .contains("prefers-color-scheme: dark")
          .doesNotContain("href", "url(", "@import", "NaN", "Infinity");
      assertThat(svg.getElementsByTagName("title").item(0).getTextContent())
          .isEqualTo(picture.title());
      assertThat(svg.getElementsByTagName("desc").item(0).getTextContent())
          .isEqualTo(picture.about());
    }
  }

  @Test
  void svg_sameReport_sameBytes() {
    assertThat(all().stream().map(Picture::svg))
        .isEqualTo(all().stream().map(Picture::svg).toList());
  }

  /** Nothing is drawn outside: names are short, and what is long is broken into lines. */
  @Test
  void svg_anyText_fitsItsWidth() throws Exception {
    for (var picture : all()) {
      var texts = parsed(picture).getElementsByTagName("text");
      assertThat(texts.getLength()).isPositive();
      for (int i = 0; i < texts.getLength(); i++) {
        assertThat(texts.item(i).getTextContent()).hasSizeLessThanOrEqualTo(62);
      }
    }
  }

  @Test
  void ladder_pageAndPicture_showTheSameBars() {
    var report = Reports.whole("A report");
    var page = ReportPage.text(report);
    var picture = report.pictures().getFirst().svg();
    var drawing = new LadderDrawing(Reports.ladder());
    for (var rung : Reports.ladder().rungs()) {
      assertThat(page).contains(drawing.bar(rung));
      assertThat(picture).contains(drawing.bar(rung));
      var time = rung.deviceTime();
      if (time != null) {
        assertThat(page).contains(LadderDrawing.parts(time));
        assertThat(picture).contains(LadderDrawing.parts(time));
      }
    }
    // 400 ms of 0.001 to 1000: the bar ends at (log10(400) + 3) / 6; kernels are half of 0.02 ms.
    assertThat(picture)
        .contains("<rect class=\"cpu\" x=\"0.00%\" y=\"2\" width=\"93.37%\"")
        .contains("<rect class=\"kernels\" x=\"0.00%\" y=\"0\" width=\"50.00%\"")
        .contains(
            ">scalar</text>", ">400 ms</text>", "scalar 400 ms; simd 9.50 ms; kernel 0.0200 ms.");
  }

  @Test
  void timeline_stretch_showsWhatLiesInItAndNotWhatOutlastsIt() {
    var picture = Reports.whole("A report").pictures().get(3);
    assertThat(picture.about()).isEqualTo("In 50.1 us, from 0.001 ms on: 1 copies 49.0 us.");
    // 1,000 to 50,000 of 900 to 51,000 ns.
    assertThat(picture.svg())
        .contains("<rect class=\"copies\" x=\"0.20%\" y=\"0\" width=\"97.80%\"")
        .contains(">GPU 0, stream 7</text>")
        .doesNotContain("class=\"ranges\"", "class=\"kernels\"");
  }

  @Test
  void points_fourOfTheStory_haveTheirDistances() {
    var svg = PointsPicture.of(POINTS, new float[] {2, 2}, List.of(2, 0)).svg();
    assertThat(svg)
        .contains(">1.12</text>", ">1.41</text>", ">3.61</text>", ">4.12</text>", ">row 3</text>")
        .contains("The nearest 2: row 2, row 0.");
  }

  @Test
  void points_allInOnePlace_areDrawn() throws Exception {
    var picture = PointsPicture.of(new float[][] {{1, 1}, {1, 1}}, new float[] {1, 1}, List.of(0));
    assertThat(picture.svg()).doesNotContain("NaN", "Infinity");
    parsed(picture);
  }

  @Test
  void walk_everyHop_isNumberedOnce() {
    var svg = walk().svg();
    int hops =
        WalkStory.of(WalkStory.points(40, 1), new float[] {2, 2}, 2, 6).trace().hops().size();
    for (int hop = 1; hop <= hops; hop++) {
      assertThat(svg).containsOnlyOnce(">%d</text>".formatted(hop));
    }
    assertThat(svg).doesNotContain(">%d</text>".formatted(hops + 1));
    assertThat(svg.split("class=\"near\"", -1)).hasSize(1 + 2);
  }

  @Test
  void points_otherThanTwoCoordinates_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PointsPicture.of(new float[][] {{1}}, new float[] {1}, List.of(0)))
        .withMessage("a picture shows points of two coordinates, these have 1");
  }

  @Test
  void stretch_whatIsNone_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Stretch("../x", 0, 1))
        .withMessage("the name of a stretch must be small letters, digits and hyphens: '../x'");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Stretch("x", 2_000_000, 2_000_000))
        .withMessage(
            "a stretch must begin at 0 or later and end after that: x from 2.000000 ms to 2.000000"
                + " ms");
  }

  @Test
  void write_aFolder_getsAFileOfItsName() throws Exception {
    var picture = all().getFirst();
    assertThat(picture.write(temp)).isEqualTo(temp.resolve("ladder.svg"));
    assertThat(Files.readString(temp.resolve("ladder.svg"))).isEqualTo(picture.svg());
  }
}
