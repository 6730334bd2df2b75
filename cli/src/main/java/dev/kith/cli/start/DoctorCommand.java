package dev.kith.cli.start;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Machine;
import dev.kith.cli.console.Version;
import dev.kith.core.backend.Backends;
import dev.kith.embed.ModelCatalog;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command that says what Kith can use on this machine, and why not the rest. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = "Shows JDK, CPU, backends and models: each usable or not, and why.")
public final class DoctorCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(names = "--json", description = "print one JSON document")
  boolean json;

  /** Document printed with {@code --json}. */
  record Report(
      String version,
      String jdk,
      String cpu,
      List<BackendStatus> backends,
      List<ModelStatus> models) {}

  /** State of one backend on this machine. */
  record BackendStatus(String name, boolean usable, String reason, String selfTest) {
    static BackendStatus of(Backends.Status status) {
      return new BackendStatus(status.name(), status.usable(), status.reason(), status.selfTest());
    }
  }

  /** Model of the catalogue, and where it is. */
  record ModelStatus(String name, int dimension, boolean here, String where) {}

  @Override
  public Integer call() throws Exception {
    var out = spec.commandLine().getOut();
    var report =
        new Report(
            Version.number(),
            Machine.jdk(),
            Machine.cpu(),
            Backends.statuses().stream().map(BackendStatus::of).toList(),
            ModelCatalog.entries().stream().map(DoctorCommand::status).toList());
    if (json) {
      Json.print(out, report);
    } else {
      out.printf("kith      %s%n", report.version);
      out.printf("JDK       %s%n", report.jdk);
      out.printf("CPU       %s%n", report.cpu);
      for (var backend : report.backends) {
        out.printf(
            "backend   %-8s %-10s %s; self-test %s%n",
            backend.name,
            backend.usable ? "usable" : "not usable",
            backend.reason,
            backend.selfTest);
      }
      for (var model : report.models) {
        out.printf("model     %-20s %d dimensions, %s%n", model.name, model.dimension, model.where);
      }
      out.flush();
    }
    return report.backends.stream().anyMatch(BackendStatus::usable)
        ? ExitStatus.DONE
        : ExitStatus.CHECK_FAILED;
  }

  private static ModelStatus status(ModelCatalog.Entry model) {
    var place = model.find();
    return new ModelStatus(
        model.name(),
        model.dimension(),
        place.isPresent(),
        place.isPresent()
            ? "here"
            : "fetched on first use (%d MB, Maven Central)".formatted(model.megabytes()));
  }
}
