package dev.kith.cli.lab;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Machine;
import dev.kith.lab.ladder.Ladder;
import dev.kith.lab.ladder.Ladder.Pace;
import dev.kith.lab.ladder.LadderResult;
import dev.kith.lab.ladder.RungProvider;
import dev.kith.lab.ladder.RungResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Command that runs one search in steps, slow to fast. */
@Command(
    name = "ladder",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Runs one search in ever faster ways, each timed and checked.",
      "Every rung finds the nearest rows by L2; times are wall clock, a query, the warm-up apart."
          + " Each answer is compared with the float64 definition; exit 1 if one differs. A rung"
          + " that takes too long searches the first rows alone and is scaled, and says so; so does"
          + " a machine that was busy."
    })
final class LabLadderCommand implements Callable<Integer> {
  private static final double MAX_SECONDS = 3600;

  @Spec CommandSpec spec;

  /** Choice of rungs by the device that they run on. */
  enum Device {
    /** Rungs of the CPU. */
    CPU,
    /** Rungs of a GPU; refused if there is none. */
    GPU,
    /** All rungs that can run. */
    BOTH
  }

  @Mixin LabVectors vectors;

  @Option(
      names = "--device",
      defaultValue = "both",
      paramLabel = "cpu|gpu|both",
      description = "whose rungs; default: ${DEFAULT-VALUE}, what is missing is said")
  Device device;

  @Option(
      names = "--seconds",
      defaultValue = "2",
      paramLabel = "S",
      description =
          "each rung is measured for at least so long, after half of it to warm up; 0: hardly;"
              + " default: ${DEFAULT-VALUE}")
  double seconds;

  @Option(names = "--code", description = "also print what each rung does, and its loop")
  boolean code;

  @Option(names = "--json", description = "print one JSON document, with all of that")
  boolean json;

  @Override
  public Integer call() throws IOException {
    if (!(seconds >= 0 && seconds <= MAX_SECONDS)) {
      throw new ParameterException(
          spec.commandLine(), "--seconds must be 0 to %.0f: %s".formatted(MAX_SECONDS, seconds));
    }
    vectors.requireUsable();
    var providers = providers(device, Ladder.providers());
    var out = spec.commandLine().getOut();
    var err = spec.commandLine().getErr();
    var pace =
        new Pace(seconds, seconds == 0 ? 3 : Pace.DEFAULT.leastRuns(), Pace.DEFAULT.longestRun());
    LadderResult result;
    try (var opened = vectors.open(err, json)) {
      result =
          Ladder.climb(
              opened.name(),
              opened.rows(),
              opened.queries(),
              vectors.given.k(),
              providers,
              pace,
              Machine.describe(),
              Machine.commit(),
              rung -> tell(err, rung));
    }
    if (json) {
      Json.printText(out, result.toJson());
      out.flush();
    } else {
      print(result, out);
    }
    return result.allSameRows() ? ExitStatus.DONE : ExitStatus.CHECK_FAILED;
  }

  /**
   * Providers of the rungs that are to run; a GPU that is asked for must be there.
   *
   * @throws IllegalArgumentException that says why there is no GPU
   */
  static List<RungProvider> providers(Device device, List<RungProvider> all) {
    var wanted =
        all.stream()
            .filter(p -> device == Device.BOTH || p.device().equalsIgnoreCase(device.name()))
            .toList();
    if (device != Device.GPU) {
      return wanted;
    }
    for (var provider : wanted) {
      var reason = provider.unavailable();
      if (reason != null) {
        throw new IllegalArgumentException(
            "--device gpu cannot run: %s; or give --device cpu".formatted(reason));
      }
    }
    return wanted;
  }

  private void tell(PrintWriter err, String rung) {
    if (!json && Boolean.getBoolean("kith.terminal")) {
      err.println("running " + rung);
      err.flush();
    }
  }

  private void print(LadderResult result, PrintWriter out) {
    var task = result.task();
    out.printf(
        "%d x %d float32 (%s), %d queries, k=%d, %s%n",
        task.n(), task.dim(), task.data(), task.queries(), task.k(), task.metric());
    out.printf("%s; commit %s%n%n", result.machine(), result.commit());
    out.printf(
        "%-20s %-4s %11s %9s %9s %9s %12s  %7s %7s  %s%n",
        "rung",
        "on",
        "ms a query",
        "spread",
        "floor ms",
        "times",
        "bytes/query",
        "at once",
        "threads",
        "rows");
    var first = result.rungs().isEmpty() ? null : result.rungs().getFirst();
    for (var rung : result.rungs()) {
      out.printf(
          "%-20s %-4s %11.4f %9.4f %9.4f %9.1f %12d  %7d %7d  %s%s%s%n",
          rung.name(),
          rung.device(),
          rung.millis(),
          rung.spread(),
          rung.floorMillis(),
          first == null ? 1 : first.millis() / rung.millis(),
          rung.bytes(),
          rung.queriesAtOnce(),
          rung.threads(),
          rung.sameRows() ? "same" : "OTHER",
          sampled(rung),
          shares(rung));
      for (var remark : rung.remarks()) {
        out.printf("%-20s %-4s ! %s%n", "", "", remark);
      }
    }
    for (var skipped : result.skipped()) {
      out.printf("%-20s %-4s not run: %s%n", skipped.name(), skipped.device(), skipped.reason());
    }
    if (code) {
      for (var rung : result.rungs()) {
        out.printf("%n%s%n%s%n", rung.name(), "-".repeat(rung.name().length()));
        out.printf("%s%n%n%s%n", wrap(rung.explanation()), indent(rung));
      }
    }
    out.flush();
  }

  /**
   * Remark that the rows were compared with the definition's of a sample, not with the other
   * rungs'.
   */
  static String sampled(RungResult rung) {
    return rung.sampled()
        ? ", but of the first %d rows alone: sampled, its time scaled"
            .formatted(rung.rowsSearched())
        : "";
  }

  /** Shares of the time on a device, by its own clock. */
  static String shares(RungResult rung) {
    var time = rung.deviceTime();
    if (time == null) {
      return "";
    }
    double percent = 100 / (time.kernels() + time.copies() + time.waiting());
    return "; kernels %.0f%%, copies %.0f%%, waiting %.0f%%"
        .formatted(percent * time.kernels(), percent * time.copies(), percent * time.waiting());
  }

  private static String indent(RungResult rung) {
    return "  // %s%n%s".formatted(rung.codeFile(), rung.code().indent(2)).stripTrailing();
  }

  /** Wraps a text into lines of at most 100 characters. */
  static String wrap(String text) {
    var wrapped = new StringBuilder();
    int width = 0;
    for (var word : text.split(" ", -1)) {
      if (width > 0 && width + 1 + word.length() > 100) {
        wrapped.append(System.lineSeparator());
        width = 0;
      } else if (width > 0) {
        wrapped.append(' ');
        width++;
      }
      wrapped.append(word);
      width += word.length();
    }
    return wrapped.toString();
  }
}
