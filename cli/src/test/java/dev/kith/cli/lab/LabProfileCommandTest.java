package dev.kith.cli.lab;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kith.cli.Kith;
import dev.kith.lab.ladder.LadderResult;
import dev.kith.lab.profile.Activity.Range;
import dev.kith.lab.profile.ProfileFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabProfileCommandTest {
  private static final String[] BENCH = {
    "bench", "--n", "50", "--dim", "4", "--metric", "l2", "--query-count", "3", "--seconds", "0"
  };

  @TempDir Path temp;

  @Test
  void profile_ofACommand_runsItAndRecordsItsSearches() throws Exception {
    var file = temp.resolve("p.sqlite");
    var trace = temp.resolve("p.json");
    var result = profile("--out", file, "--trace", trace, "--");
    assertThat(result.exit()).isZero();
    assertThat(result.out()).startsWith("flat over 50 x 4, l2, k=10").contains("queries/s");
    assertThat(result.err())
        .startsWith("profile: ")
        .containsPattern("range +[0-9.]+ ms in [0-9]+, longest [0-9.]+ ms: Index search")
        .containsPattern("gaps +[0-9.]+ ms in [0-9]+, of [0-9.]+ ms: Kith's ranges");
    var profile = ProfileFile.read(file);
    assertThat(profile.about())
        .containsEntry("command", "kith " + String.join(" ", BENCH))
        .containsKeys("machine", "commit", "version");
    var searches = profile.each(Range.class).filter(r -> r.name().equals("Index search")).toList();
    assertThat(searches).hasSizeGreaterThanOrEqualTo(3);
    assertThat(searches).allMatch(search -> Objects.equals(search.details().get("rows"), 50));
    var steps = profile.each(Range.class).filter(r -> r.domain().equals("lab")).toList();
    assertThat(steps).isNotEmpty().allMatch(step -> step.name().startsWith("batch "));
    var command = profile.each(Range.class).filter(r -> r.domain().equals("command")).toList();
    assertThat(command).hasSize(1);
    assertThat(searches)
        .allMatch(
            search ->
                search.start() >= command.getFirst().start()
                    && search.end() <= command.getFirst().end());
    assertThat(new JsonMapper().readTree(trace.toFile()).get("traceEvents")).isNotEmpty();
  }

  /** Names each rung's range, so that its stretch can be found and looked at. */
  @Test
  void profile_ofALadder_hasARangeARung() throws Exception {
    var file = temp.resolve("p.sqlite");
    var ladder = "lab ladder --n 50 --dim 4 --query-count 2 --seconds 0 --device cpu --json";
    var words =
        Stream.concat(
            Stream.of("lab", "profile", "--out", file, "--"), Stream.of(ladder.split(" ", -1)));
    var result = Kith.run(words.toArray());
    assertThat(result.exit()).isZero();
    var rungs = LadderResult.fromJson(result.out()).rungs();
    assertThat(rungs).isNotEmpty();
    var ranges = ProfileFile.read(file).each(Range.class).filter(r -> r.domain().equals("lab"));
    assertThat(ranges.map(Range::name).toList())
        .isEqualTo(rungs.stream().map(rung -> "rung " + rung.name()).toList());
  }

  /** The command's own options need no {@code --}, and standard output stays one document. */
  @Test
  void profile_json_printsTheSummaryAlone() throws Exception {
    var file = temp.resolve("p.sqlite");
    var result = profile("--json", "--out", file);
    assertThat(result.exit()).isZero();
    assertThat(result.err()).startsWith("flat over 50 x 4, l2, k=10");
    var report = Kith.unversioned(result.out());
    assertThat(Kith.fields(report))
        .containsExactly("command", "exit", "profile", "trace", "activities", "summary");
    assertThat(report.get("exit").intValue()).isZero();
    assertThat(Kith.fields(report.get("summary")))
        .containsExactly(
            "nanos",
            "timedBy",
            "kernels",
            "copies",
            "memsets",
            "kernelShare",
            "longest",
            "gaps",
            "notes");
    assertThat(report.at("/summary/longest/0/name").textValue()).isEqualTo("Index search");
  }

  @Test
  void profile_commandThatFails_hasItsExitAndLeavesTheFileAsItWas() throws Exception {
    var file = temp.resolve("p.sqlite");
    Files.writeString(file, "a good profile");
    var result = Kith.run("lab", "profile", "--out", file, "--", "bench", "--k", "no");
    assertThat(result.exit()).isEqualTo(2);
    assertThat(result.err())
        .contains("kith: Invalid value for option '--k': 'no' is not an int; see kith bench");
    assertThat(result.err())
        .endsWith("kith: nothing was recorded: no profile is written, file=%s\n".formatted(file));
    assertThat(Files.readString(file)).isEqualTo("a good profile");
  }

  /** Stops by a signal, as Ctrl-C sends one; sooner or later it comes while the bench searches. */
  @Test
  void profile_commandThatIsStopped_isWrittenUntilThen() throws Exception {
    var file = temp.resolve("p.sqlite");
    var err = temp.resolve("err");
    for (int seconds = 2; seconds < 60 && !hasSearches(file); seconds *= 2) {
      var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      var words =
          Stream.of(
              java,
              "--add-modules=jdk.incubator.vector",
              "--enable-native-access=ALL-UNNAMED",
              "-cp",
              System.getProperty("java.class.path"),
              "dev.kith.cli.Main",
              "lab",
              "profile",
              "--out",
              file.toString(),
              "--");
      var bench = Stream.of("bench", "--n", "1000", "--dim", "8", "--metric", "l2");
      var process =
          new ProcessBuilder(
                  Stream.concat(Stream.concat(words, bench), Stream.of("--seconds", "100"))
                      .toList())
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(err.toFile())
              .start();
      assertThat(process.waitFor(seconds, TimeUnit.SECONDS)).isFalse();
      process.destroy();
      assertThat(process.waitFor()).isEqualTo(143);
    }
    assertThat(Files.readString(err)).contains("kith: stopped before the end\n", "\nprofile: ");
    assertThat(ProfileFile.read(file).activities()).extracting("name").contains("Index search");
  }

  private static boolean hasSearches(Path file) throws Exception {
    return Files.exists(file)
        && ProfileFile.read(file).activities().stream()
            .anyMatch(activity -> activity.name().equals("Index search"));
  }

  @Test
  void profile_wrongUsage_runsNothing() {
    assertThat(profile("--out", temp.resolve("p.txt"), "--").refused())
        .isEqualTo(
            "kith: what is written must end in .sqlite: file=%s".formatted(temp.resolve("p.txt")));
    assertThat(
            profile("--out", temp.resolve("p.sqlite"), "--trace", temp.resolve("t"), "--")
                .refused())
        .isEqualTo("kith: what is written must end in .json: file=" + temp.resolve("t"));
    assertThat(Kith.run("lab", "profile", "--out", temp.resolve("p.sqlite")).refused())
        .startsWith("kith: Missing required parameter: '-- COMMAND'");
    assertThat(Files.exists(temp.resolve("p.sqlite"))).isFalse();
  }

  private static Kith.Result profile(Object... options) {
    return Kith.run(
        Stream.of(Stream.of("lab", "profile"), Stream.of(options), Stream.of(BENCH))
            .flatMap(part -> part)
            .toArray());
  }
}
