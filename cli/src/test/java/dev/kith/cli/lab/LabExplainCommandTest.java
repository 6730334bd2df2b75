package dev.kith.cli.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.cli.Kith;
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
          --picture p.png   | what is written must end in .svg: file=p.png
          """)
  void explain_badPoints_areRefusedInOneLine(String arguments, String message) {
    var words = ("lab explain " + arguments).split(" ", -1);
    assertThat(Kith.run((Object[]) words).refused()).isEqualTo("kith: " + message);
  }
}
