package dev.kith.cli.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Descriptions of the machine, for reports. */
public final class Machine {

  private Machine() {}

  /** Vendor and version of the running Java. */
  public static String jdk() {
    return System.getProperty("java.vm.vendor") + " " + Runtime.version();
  }

  /** Model name, cores that this process may use, and architecture. */
  public static String cpu() {
    return "%s, %d cores, %s"
        .formatted(
            model(), Runtime.getRuntime().availableProcessors(), System.getProperty("os.arch"));
  }

  /** Time that all threads of this process have used so far. */
  public static long cpuNanos() {
    var system =
        ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);
    return system.getProcessCpuTime();
  }

  private static String model() {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .orElse("unknown model");
    } catch (IOException e) {
      return "unknown model";
    }
  }

  /** Everything that a figure depends on, in one line. */
  public static String describe() {
    return "%s; %s %s; %s"
        .formatted(cpu(), System.getProperty("os.name"), System.getProperty("os.version"), jdk());
  }

  /**
   * The commit of the checkout that runs, with {@code +} if it was changed, or {@code unknown};
   * where there is no checkout, {@code -Dkith.commit} may say it.
   */
  public static String commit() {
    String said = System.getProperty("kith.commit");
    if (said != null) {
      return said;
    }
    String home = System.getProperty("kith.home", ".");
    String hash = git(home, "rev-parse", "--short=12", "HEAD");
    return hash.isEmpty()
        ? "unknown"
        : hash + (git(home, "status", "--porcelain").isEmpty() ? "" : "+");
  }

  private static String git(String home, String... arguments) {
    try {
      var command = new String[arguments.length + 3];
      command[0] = "git";
      command[1] = "-C";
      command[2] = home;
      System.arraycopy(arguments, 0, command, 3, arguments.length);
      var process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0
          ? output.strip()
          : "";
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
