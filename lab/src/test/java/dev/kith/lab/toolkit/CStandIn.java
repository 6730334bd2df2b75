package dev.kith.lab.toolkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Compiler of the libraries of src/test/c, for tests that want them. */
public final class CStandIn {
  private CStandIn() {}

  /**
   * Compiles a library; the test is skipped where there is no C compiler.
   *
   * @param source file of the source
   * @param library file of the library
   * @param options further options of the compiler
   */
  public static Path compile(String source, Path library, String... options) throws Exception {
    var command = new ArrayList<>(List.of("cc", "-shared", "-fPIC", "-O1", "-pthread"));
    command.addAll(List.of("-Wall", "-Wextra", "-Werror"));
    command.addAll(List.of(options));
    command.addAll(List.of("-o", library.toString(), "src/test/c/" + source));
    Process compiler;
    try {
      compiler = new ProcessBuilder(command).inheritIO().start();
    } catch (IOException e) {
      assumeTrue(false, "there is no C compiler cc: " + e.getMessage());
      throw e;
    }
    assertThat(compiler.waitFor()).as("cc").isZero();
    return library;
  }
}
