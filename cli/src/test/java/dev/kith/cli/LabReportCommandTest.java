package dev.kith.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabReportCommandTest {
  @TempDir Path temp;

  @Test
  void report_ofSyntheticVectors_hasLadderMeasurementsAndMap() throws Exception {
    var file = temp.resolve("r.html");
    var written =
        Kith.run(
                "lab",
                "report",
                "--n",
                200,
                "--dim",
                8,
                "--query-count",
                9,
                "--seconds",
                0,
                "--out",
                file,
                "--json")
            .json();
    assertThat(Kith.fields(written))
        .containsExactly("report", "bytes", "rungs", "measurements", "activities");
    assertThat(written.get("bytes").longValue()).isEqualTo(Files.size(file));
    assertThat(written.get("rungs").intValue()).isPositive();
    assertThat(written.get("measurements").intValue()).isPositive();
    String page = Files.readString(file);
    assertThat(page)
        .contains("<h2>The ladder</h2>", "<h2>Candidates and proofs</h2>", "class=\"query\"")
        .contains("synthetic, seed 1: 200 rows of 8 elements, l2, 9 queries, 10 neighbours each")
        .contains("kith lab report --n 200 --dim 8 --query-count 9 --seconds 0 --out " + file)
        .contains("--index &quot;flat(shadow=int8)&quot; --check")
        .doesNotContain("NOT the rows of the definition", "<h2>Profile</h2>");
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
  void report_wrongUsage_isRefused() throws Exception {
    assertThat(Kith.run("lab", "report", "--out", temp.resolve("r.txt")).refused())
        .isEqualTo("kith: what is written must end in .html: file=" + temp.resolve("r.txt"));
    var text = Files.writeString(temp.resolve("l.json"), "{}");
    assertThat(
            Kith.run("lab", "report", "--ladder", text, "--out", temp.resolve("r.html")).refused())
        .startsWith("kith: not the document of kith lab ladder --json: ")
        .endsWith(": file=" + text);
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
