package dev.kith.cli;

import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The project's folder as tests see it, and programs started from it. */
public final class Checkout {
  /** Result of a finished program. */
  public record Result(long pid, int exit, String out, String err) {}

  private Checkout() {}

  /** Folder of README.md, the launcher and the parent pom. */
  public static Path root() {
    var folder = Path.of("").toAbsolutePath();
    while (folder != null && !Files.exists(folder.resolve(".mvn"))) folder = folder.getParent();
    return folder == null ? fail("the tests must run inside the project's folder") : folder;
  }

  /** A tool of the JDK that runs the tests. */
  public static String jdkTool(String name) {
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }

  public static Result run(Path folder, List<String> command)
      throws IOException, InterruptedException {
    return finish(start(new ProcessBuilder(command).directory(folder.toFile())));
  }

  /** A started program, and the files its output goes to: a full pipe could block it. */
  public record Running(Process process, Path out, Path err) {}

  public static Running start(ProcessBuilder builder) throws IOException {
    var out = Files.createTempFile("kith-test", ".out");
    var err = Files.createTempFile("kith-test", ".err");
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    return new Running(builder.start(), out, err);
  }

  public static Result finish(Running running) throws IOException, InterruptedException {
    var process = running.process();
    if (!process.waitFor(2, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      fail("still running after two minutes: " + process.info().commandLine());
    }
    var result =
        new Result(
            process.pid(),
            process.exitValue(),
            Files.readString(running.out()),
            Files.readString(running.err()));
    Files.delete(running.out());
    Files.delete(running.err());
    return result;
  }
}
