package dev.kith.cli.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.cli.Kith;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabExplainCommandTest {

  @Test
  void explain_text_tellsTheWholeStoryInNumberedSteps() {
    var out = Kith.run("lab", "explain").done();
    assertThat(out)
        .startsWith("1. The points, and a question")
        .contains(
            "   row 0: (1 - 2)^2 + (1 - 2)^2 = 1 + 1 = 2, root 1.4142",
            "4. The nearest",
            "5. Texts as points",
            "and 378 more)",
            "6. The nearest texts",
            "7. Why exact is not obvious",
            "By float32 the order is rows 0, 1, by float64 rows 1, 0.",
            "10. What is left is scored exactly");
    // The temple and the citadel are nearer to a landmark than a sport and a seedpod.
    assertThat(out)
        .containsPattern("1\\. row [13], cosine")
        .containsPattern("2\\. row [13], cosine");
  }

  @Test
  void explain_otherPoints_isAnotherStory() throws Exception {
    var told =
        Kith.run(
                "lab",
                "explain",
                "--points",
                "0,0,1; 9,9,9; 0,2,0",
                "--query",
                "0,1,0",
                "-k",
                1,
                "--json")
            .json();
    assertThat(Kith.fields(told)).containsExactly("points", "texts", "rounding", "bounds");
    assertThat(told.at("/points/answer")).hasSize(1);
    assertThat(told.at("/points/answer/0").intValue()).isEqualTo(2);
    assertThat(told.at("/bounds/answer")).isEqualTo(told.at("/points/answer"));
    assertThat(told.at("/points/steps/1/text").textValue())
        .contains("row 2: (0 - 0)^2 + (2 - 1)^2 + (0 - 0)^2 = 0 + 1 + 0 = 1, root 1");
    assertThat(told.at("/texts/answer/0").intValue()).isIn(1, 3);
  }

  @Test
  void explain_failsAfterThePoints_leavesNoPicture(@TempDir Path temp) {
    var picture = temp.resolve("p.svg");
    assertThat(Kith.run("lab", "explain", "--model", "nope", "--picture", picture).refused())
        .startsWith("kith: no model has this name: nope; known are ");
    assertThat(picture).doesNotExist();
  }

  @Test
  void explainGraph_text_tellsAWalkHopByHop() {
    var out = Kith.run("lab", "explain", "--graph").done();
    assertThat(out)
        .startsWith("1. Points, and links between them")
        .contains(
            "   40 of 40 rows can be reached along links from where searches begin.",
            "2. Where the walk begins",
            "3. Hop 1: row ",
            "   estimated now: row ",
            "   kept, nearest first, * expanded: ",
            "Nothing is left to expand",
            "   Of all 40 rows the nearest are rows ",
            "   Kith's own search, backend ")
        .doesNotContain("The distances");
  }

  /** The numbers of the document are those of the story. */
  @Test
  void explainGraph_json_holdsTheWalk(@TempDir Path temp) throws Exception {
    var picture = temp.resolve("walk.svg");
    var told =
        Kith.run(
                "lab",
                "explain",
                "--graph",
                "--query",
                "9,1",
                "-k",
                3,
                "--width",
                8,
                "--picture",
                picture,
                "--json")
            .json();
    assertThat(Kith.fields(told))
        .containsExactly("steps", "answer", "width", "estimated", "seeds", "hops");
    assertThat(told.get("width").intValue()).isEqualTo(8);
    assertThat(told.get("answer")).hasSize(3);
    assertThat(told.get("seeds")).hasSize(1);
    int estimated = 1;
    for (var hop : told.get("hops")) {
      assertThat(Kith.fields(hop)).containsExactly("row", "known", "estimated", "kept");
      assertThat(hop.get("kept").size()).isLessThanOrEqualTo(8);
      estimated += hop.get("estimated").size();
    }
    assertThat(told.get("estimated").intValue()).isEqualTo(estimated).isLessThanOrEqualTo(40);
    int hops = told.get("hops").size();
    assertThat(told.get("steps")).hasSize(hops + 4);
    assertThat(told.at("/steps/%d/text".formatted(hops + 2)).textValue())
        .contains("%d hops estimated %d of 40 rows.".formatted(hops, estimated));
    assertThat(Files.readString(picture))
        .contains(
            "A walk to the nearest of 40 points",
            "<title>row 39</title>",
            ">%d</text>".formatted(hops));
  }

  @Test
  void explainGraph_ownPoints_areWalked() throws Exception {
    var told =
        Kith.run(
                "lab",
                "explain",
                "--graph",
                "--points",
                "0,0,0;1,1,1;5,5,5",
                "--query",
                "1,1,2",
                "-k",
                1,
                "--json")
            .json();
    assertThat(told.at("/answer/0").intValue()).isEqualTo(1);
    assertThat(told.at("/seeds/0/row").intValue()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --points 1,a      | a point is numbers with commas between, such as 1,2.5: '1,a'
          --points 1,NaN    | coordinates must be finite: '1,NaN'
          --query 1,2,3     | points must have as many coordinates as the query: query=3, point 0 has 2
          -k 0              | at least one point, one coordinate and k are needed: points=4, coordinates=2, k=0
          --points 1;2 --query 3 --picture p.svg | a picture shows points of two coordinates, these have 1
          --width 3         | --width is of a walk: give --graph, too; see kith lab explain --help
          --graph --width 1 | a walk must keep the rows that are wanted: width=1, k=2
          --graph -k 0      | at least one point, one coordinate and k are needed: points=40, coordinates=2, k=0
          --graph --query 1 | points must have as many coordinates as the query: query=1, point 0 has 2
          --graph --points 1;2 --query 3 -k 1 --picture p.svg | a picture shows points of two coordinates, these have 1
          --graph --picture nowhere/p.svg | cannot use nowhere/p.svg: there is no folder NOWHERE; make it first
          --picture p.png   | what is written must end in .svg: file=p.png
          """)
  void explain_badPoints_areRefusedInOneLine(String arguments, String message) {
    var words = ("lab explain " + arguments).split(" ", -1);
    assertThat(Kith.run((Object[]) words).refused())
        .isEqualTo(
            "kith: " + message.replace("NOWHERE", Path.of("nowhere").toAbsolutePath().toString()));
  }
}
