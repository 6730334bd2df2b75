package dev.kith.cli.input;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Checks of the efforts that a command line asks for. */
public final class Efforts {
  private Efforts() {}

  /**
   * Refuses recalls and widths that no search takes.
   *
   * @param recalls values of {@code --recall}, or null if it is not given
   * @param widths values of {@code --ef}, or null if it is not given
   */
  public static void requireUsable(
      CommandSpec spec, @Nullable List<Double> recalls, @Nullable List<Integer> widths) {
    if (recalls != null) {
      require(spec, !recalls.isEmpty(), "--recall must be above 0 and at most 1: ", "none");
      for (double recall : recalls) {
        require(
            spec, recall > 0 && recall <= 1, "--recall must be above 0 and at most 1: ", recall);
      }
    }
    if (widths != null) {
      require(spec, !widths.isEmpty(), "--ef must be at least 1: ", "none");
      for (int width : widths) {
        require(spec, width >= 1, "--ef must be at least 1: ", width);
      }
    }
  }

  /**
   * Refuses numbers of lists that no search takes.
   *
   * @param probes values of {@code --probes}, or null if it is not given
   */
  public static void requireProbes(CommandSpec spec, @Nullable List<Integer> probes) {
    if (probes != null) {
      require(spec, !probes.isEmpty(), "--probes must be at least 1: ", "none");
      for (int number : probes) {
        require(spec, number >= 1, "--probes must be at least 1: ", number);
      }
    }
  }

  private static void require(CommandSpec spec, boolean condition, String rule, Object found) {
    if (!condition) {
      throw new ParameterException(spec.commandLine(), rule + found);
    }
  }
}
