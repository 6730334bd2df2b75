package dev.kith.cli.lab;

import dev.kith.cli.console.Json;
import dev.kith.cli.console.Machine;
import dev.kith.cli.console.Version;
import dev.kith.cli.input.UserFiles;
import dev.kith.lab.cupti.CuptiSource;
import dev.kith.lab.profile.ActivitySource;
import dev.kith.lab.profile.ChromeTrace;
import dev.kith.lab.profile.JfrSource;
import dev.kith.lab.profile.NamedRange;
import dev.kith.lab.profile.Profile;
import dev.kith.lab.profile.ProfileFile;
import dev.kith.lab.profile.ProfileSummary;
import dev.kith.lab.profile.Recorder;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Command that records another command, which runs in this JVM: the flight recorder and CUPTI
 * record the process that they are in, and nothing must be started twice.
 */
@Command(
    name = "profile",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Runs another kith command and records what it does, and when.",
      "Searches, builds, batches of texts, writes and pauses of the JVM become ranges of an SQLite"
          + " file with the tables of an Nsight Systems export; kernels, copies, memsets and calls"
          + " of CUDA too where there is a GPU and libcupti (or KITH_CUPTI names it); with a driver"
          + " alone, searches on the GPU are timed by CUDA events. The command prints as always;"
          + " the summary goes to standard error, and the exit status is the command's."
    })
public final class LabProfileCommand implements Callable<Integer> {
  private static final double MILLIS = 1e6;

  private final Supplier<CommandLine> kith;

  @Spec CommandSpec spec;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "F.sqlite",
      description = "the profile; ask it with kith lab sql")
  Path file;

  @Option(
      names = "--trace",
      paramLabel = "F.json",
      description = "also a Chrome trace, for ui.perfetto.dev or speedscope.app")
  @Nullable Path trace;

  @Option(
      names = "--json",
      description =
          "print the summary as one JSON document; what the command prints goes to standard error")
  boolean json;

  @Parameters(
      arity = "1..*",
      paramLabel = "-- COMMAND",
      description = "the command and its arguments, such as bench --n 100000 --dim 384")
  List<String> command = new ArrayList<>();

  /** Creates the command, of those that {@code kith} makes command lines of. */
  public LabProfileCommand(Supplier<CommandLine> kith) {
    this.kith = kith;
  }

  /** Document printed with {@code --json}. */
  record Report(
      List<String> command,
      int exit,
      String profile,
      @Nullable String trace,
      int activities,
      SummaryDocument summary) {}

  @Override
  public Integer call() throws IOException {
    var out = spec.commandLine().getOut();
    var err = spec.commandLine().getErr();
    UserFiles.requireWritable(file, ".sqlite");
    if (trace != null) {
      UserFiles.requireWritable(trace, ".json");
    }
    String text = "kith " + String.join(" ", command);
    var recorder = Recorder.start(sources());
    int exit;
    try (var _ = NamedRange.open(text, "command")) {
      exit =
          kith.get().setOut(json ? err : out).setErr(err).execute(command.toArray(String[]::new));
    }
    boolean _ = Thread.interrupted(); // a command that was stopped has a profile until then
    var profile = recorder.stop(about(text));
    if (exit != 0 && profile.activities().size() <= 1) {
      err.println("kith: nothing was recorded: no profile is written, file=" + file);
      err.flush();
      return exit;
    }
    ProfileFile.write(file, profile);
    if (trace != null) {
      ChromeTrace.write(trace, profile);
    }
    var summary = ProfileSummary.of(profile);
    if (json) {
      Json.print(
          out,
          new Report(
              command,
              exit,
              file.toString(),
              trace == null ? null : trace.toString(),
              profile.activities().size(),
              SummaryDocument.of(summary)));
    } else {
      out.flush();
      print(profile, summary, err);
    }
    return exit;
  }

  private static List<ActivitySource> sources() {
    var gpu = new CuptiSource();
    return List.of(gpu, new JfrSource(() -> !gpu.isRecording()));
  }

  private static Map<String, String> about(String text) throws IOException {
    var about = new LinkedHashMap<String, String>();
    about.put("command", text);
    about.put("version", Version.number());
    about.put("commit", Machine.commit());
    about.put("machine", Machine.describe());
    return about;
  }

  private void print(Profile profile, ProfileSummary summary, PrintWriter err) {
    err.printf(
        Locale.ROOT,
        "profile: %.3f s, %d activities in %s%n",
        summary.nanos() / 1e9,
        profile.activities().size(),
        file);
    if (Objects.equals(summary.timedBy(), "events")) {
      err.printf(
          Locale.ROOT,
          "%d searches on the GPU, timed by events: kernels %.3f ms, copies %.3f ms: kernels take"
              + " %.1f %% of both%n",
          summary.kernels().count(),
          summary.kernels().nanos() / MILLIS,
          summary.copies().nanos() / MILLIS,
          100 * Objects.requireNonNullElse(summary.kernelShare(), 0.0));
    } else if (summary.kernelShare() != null) {
      err.printf(
          Locale.ROOT,
          "%d kernels %.3f ms, %d copies %.3f ms (%.1f MB), %d memsets %.3f ms: kernels take %.1f"
              + " %% of all%n",
          summary.kernels().count(),
          summary.kernels().nanos() / MILLIS,
          summary.copies().count(),
          summary.copies().nanos() / MILLIS,
          summary.copies().bytes() / 1e6,
          summary.memsets().count(),
          summary.memsets().nanos() / MILLIS,
          100 * summary.kernelShare());
    }
    for (var longest : summary.longest()) {
      err.printf(
          Locale.ROOT,
          "%-6s %10.3f ms in %d, longest %.3f ms: %s%n",
          longest.kind(),
          longest.nanos() / MILLIS,
          longest.count(),
          longest.longestNanos() / MILLIS,
          longest.name());
    }
    var gaps = summary.gaps();
    if (gaps.spanNanos() > 0) {
      err.printf(
          Locale.ROOT,
          "gaps   %10.3f ms in %d, of %.3f ms: %s%n",
          gaps.nanos() / MILLIS,
          gaps.count(),
          gaps.spanNanos() / MILLIS,
          gaps.of());
    }
    for (var gap : gaps.longest()) {
      err.printf(
          Locale.ROOT,
          "  gap  %10.3f ms at %.3f ms, after %s, before %s%n",
          gap.nanos() / MILLIS,
          gap.start() / MILLIS,
          gap.after(),
          gap.before());
    }
    for (String note : summary.notes()) {
      err.println("note: " + note);
    }
    err.flush();
  }
}
