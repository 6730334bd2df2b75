package dev.kith.cli.lab;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kith.cli.Checkout;
import dev.kith.cli.Kith;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabReportCommandTest {
  @TempDir Path temp;

  private static Kith.Result ofSyntheticVectors(Object... more) {
    var arguments = "lab report --n 200 --dim 8 --query-count 9 --seconds 0".split(" ", -1);
    return Kith.run(
        Stream.of(arguments, more, new Object[] {"--json"}).flatMap(Stream::of).toArray());
  }

  @Test
  void report_ofSyntheticVectors_hasLadderMeasurementsAndMap() throws Exception {
    var file = temp.resolve("r.html");
    var written = ofSyntheticVectors("--out", file).json();
    assertThat(Kith.fields(written))
        .containsExactly(
            "report", "bytes", "rungs", "measurements", "contestants", "activities", "pictures");
    assertThat(written.get("bytes").longValue()).isEqualTo(Files.size(file));
    assertThat(written.get("rungs").intValue()).isPositive();
    assertThat(written.get("measurements").intValue()).isPositive();
    String page = Files.readString(file);
    assertThat(page)
        .contains("<h2>The ladder</h2>", "<h2>Candidates and proofs</h2>", "class=\"query\"")
        .contains(
            "synthetic, seed 1: 200 rows of 8 elements, cosine, 9 queries, 10 neighbours each")
        .contains("kith lab report --n 200 --dim 8 --query-count 9 --seconds 0 --out " + file)
        .contains("--index &quot;flat(shadow=int8)&quot; --check")
        .doesNotContain("NOT the rows of the definition", "<h2>Profile</h2>");
  }

  @Test
  void report_withIndexes_hasTheirCurves() throws Exception {
    var file = temp.resolve("r.html");
    var written =
        Kith.run(
                "lab",
                "report",
                "--n",
                300,
                "--dim",
                8,
                "--query-count",
                12,
                "--seconds",
                0,
                "--index",
                "graph(r=8)",
                "--index",
                "hnsw(m=4)",
                "--ef",
                "10,60",
                "--recall",
                0.9,
                "--rounds",
                1,
                "--out",
                file,
                "--pictures",
                temp,
                "--json")
            .json();
    assertThat(written.get("contestants").intValue()).isEqualTo(2);
    assertThat(written.get("pictures"))
        .extracting(JsonNode::textValue)
        .contains(temp.resolve("recall.svg").toString());
    assertThat(Files.readString(file))
        .contains(
            "<h2>Recall against speed</h2>",
            "<th>queries a CPU-second at recall</th><th>0.9</th><th>build CPU-s</th>",
            "<td>kith graph(r=8)</td>",
            "<td>kith hnsw(m=4)</td>")
        .doesNotContain("Not run: kith");
    assertThat(Kith.run("lab", "report", "--out", file, "--rounds", 2).refused())
        .isEqualTo(
            "kith: --rounds is of a comparison at equal recall: give --index or --peers, too; see"
                + " kith lab report --help");
  }

  @Test
  void report_ofFilesFromElsewhere_measuresNothing() throws Exception {
    var ladder = temp.resolve("ladder.json");
    Files.writeString(
        ladder,
        Kith.run(
                "lab",
                "ladder",
                "--n",
                100,
                "--dim",
                4,
                "--query-count",
                2,
                "--seconds",
                0,
                "--device",
                "cpu",
                "--json")
            .out());
    var profile = temp.resolve("p.sqlite");
    assertThat(Kith.run("lab", "profile", "--out", profile, "--", "doctor").exit()).isZero();
    var file = temp.resolve("r.html");
    assertThat(
            Kith.run("lab", "report", "--ladder", ladder, "--profile", profile, "--out", file)
                .done())
        .startsWith(file + ": ")
        .contains(" 0 measurements, ");
    assertThat(Files.readString(file))
        .contains("<h2>The ladder</h2>", "<h2>Profile</h2>", "kith doctor")
        .doesNotContain("<h2>Memory</h2>");
  }

  @Test
  void report_picturesAlone_areWrittenAndNamed() throws Exception {
    var written = ofSyntheticVectors("--pictures", temp).json();
    assertThat(written.get("report").isNull()).isTrue();
    assertThat(written.get("bytes").intValue()).isZero();
    assertThat(written.get("pictures"))
        .extracting(JsonNode::textValue)
        .containsExactly(temp.resolve("ladder.svg").toString(), temp.resolve("map.svg").toString());
    assertThat(Files.readString(temp.resolve("map.svg"))).contains("synthetic, seed 1");
  }

  /** Pictures are made from files of the project as docs/pictures/README.md says. */
  @Test
  void report_documentedCommands_giveTheDocumentsPictures() throws Exception {
    var folder = Checkout.root().resolve("docs/pictures");
    var commands =
        Files.readAllLines(folder.resolve("README.md")).stream()
            .filter(line -> line.startsWith("./kith ") && !line.contains("&&"))
            .toList();
    assertThat(commands).hasSize(2);
    for (String command : commands) {
      var arguments =
          Stream.of(command.substring("./kith ".length()).split(" ", -1))
              .map(word -> word.replaceFirst("^docs/pictures", temp.toString()))
              .map(word -> word.replaceFirst("^docs/", Checkout.root() + "/docs/"))
              .toArray();
      assertThat(Kith.run(arguments).exit()).as(command).isZero();
    }
    try (var made = Files.list(temp)) {
      for (var picture : made.toList()) {
        assertThat(folder.resolve(picture.getFileName()))
            .as("run the commands of docs/pictures/README.md again")
            .hasSameTextualContentAs(picture);
      }
    }
    try (var shown = Files.list(folder)) {
      var names = shown.map(file -> file.getFileName().toString()).filter(f -> f.endsWith(".svg"));
      assertThat(names)
          .as("all but the map, whose vectors a model makes, come from files")
          .containsExactlyInAnyOrder(
              "ladder.svg",
              "map.svg",
              "points.svg",
              "timeline-fused-selection.svg",
              "timeline-row-by-row.svg")
          .allMatch(name -> name.equals("map.svg") || Files.exists(temp.resolve(name)));
    }
  }

  @Test
  void report_wrongUseOfPictures_isRefused() throws Exception {
    var profile = temp.resolve("p.sqlite");
    assertThat(Kith.run("lab", "profile", "--out", profile, "--", "doctor").exit()).isZero();
    var gone = temp.resolve("gone");
    assertThat(Kith.run("lab", "report").refused())
        .isEqualTo("kith: give --out, or --pictures, or both; see kith lab report --help");
    assertThat(Kith.run("lab", "report", "--pictures", gone).refused())
        .isEqualTo(
            "kith: cannot use %s: there is no folder %s; make it first".formatted(gone, gone));
    assertThat(Kith.run("lab", "report", "--pictures", temp, "--timeline", "a=0..1").refused())
        .isEqualTo(
            "kith: --timeline draws a stretch of a profile: give --profile, too; see kith lab"
                + " report --help");
    assertThat(pictures(profile).refused())
        .isEqualTo(
            "kith: of a profile, --pictures draws what --timeline names: give --timeline, or --out;"
                + " see kith lab report --help");
    assertThat(pictures(profile, "--timeline", "all").refused())
        .isEqualTo(
            "kith: --timeline is NAME=FROM..TO, such as scan=12.5..13: 'all'; see kith lab report"
                + " --help");
    assertThat(pictures(profile, "--timeline", "a=0..99999999").refused())
        .startsWith("kith: --timeline must lie in the profile, which has ")
        .endsWith(" ms: 'a=0..99999999'; see kith lab report --help");
    assertThat(pictures(profile, "--timeline", "A/b=0..1").refused())
        .isEqualTo("kith: the name of a stretch must be small letters, digits and hyphens: 'A/b'");
  }

  private Kith.Result pictures(Path profile, Object... more) throws Exception {
    return Kith.run(
        Stream.concat(
                Stream.of("lab", "report", "--profile", profile, "--pictures", temp),
                Stream.of(more))
            .toArray());
  }

  @Test
  void report_wrongUsage_isRefused() throws Exception {
    assertThat(Kith.run("lab", "report", "--out", temp.resolve("r.txt")).refused())
        .isEqualTo("kith: what is written must end in .html: file=" + temp.resolve("r.txt"));
    var text = Files.writeString(temp.resolve("l.json"), "{}");
    assertThat(
            Kith.run("lab", "report", "--ladder", text, "--out", temp.resolve("r.html")).refused())
        .isEqualTo(
            "kith: not the document of kith lab ladder --json: missing, unknown or of another kind:"
                + " task: file="
                + text);
    var binary = Files.write(temp.resolve("b.json"), new byte[] {(byte) 0xff, 0, 1});
    assertThat(
            Kith.run("lab", "report", "--ladder", binary, "--out", temp.resolve("r.html"))
                .refused())
        .isEqualTo(
            "kith: not the document of kith lab ladder --json: it is no text in UTF-8: file="
                + binary);
    assertThat(
            Kith.run(
                    "lab",
                    "report",
                    "--n",
                    5,
                    "--dim",
                    2,
                    "--seconds",
                    -1,
                    "--out",
                    temp.resolve("r.html"))
                .refused())
        .isEqualTo("kith: --seconds must be 0 to 3600: -1.0; see kith lab report --help");
    assertThat(Files.exists(temp.resolve("r.html"))).isFalse();
  }
}
