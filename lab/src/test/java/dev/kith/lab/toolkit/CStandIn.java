package dev.kith.lab.toolkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;

/** Libraries of src/test/c, compiled when a test wants them. */
public final class CStandIn {
  private CStandIn() {}

  /**
   * Compiles one; the test is skipped where there is no C compiler.
   *
   * @param source its file
   * @param library what becomes of it
   */
  public static Path compile(String source, Path library) throws Exception {
    Process compiler;
    try {
      compiler =
          new ProcessBuilder(
                  "cc",
                  "-shared",
                  "-fPIC",
                  "-O1",
                  "-Wall",
                  "-Wextra",
                  "-Werror",
                  "-pthread",
                  "-o",
                  library.toString(),
                  "src/test/c/" + source)
              .inheritIO()
              .start();
    } catch (IOException e) {
      assumeTrue(false, "there is no C compiler cc: " + e.getMessage());
      throw e;
    }
    assertThat(compiler.waitFor()).as("cc").isZero();
    return library;
  }
}
