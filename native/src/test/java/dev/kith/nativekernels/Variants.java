package dev.kith.nativekernels;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;

/** The kernels that this machine can run, for tests; those it cannot are skipped with a message. */
final class Variants {

  private Variants() {}

  static List<NativeKernels> all() {
    try {
      return NativeLibrary.load();
    } catch (NativeLibrary.MissingException e) {
      assumeTrue(false, "no C kernels: " + e.reason());
      throw new AssertionError(e);
    }
  }

  static NativeKernels named(String name) {
    var found = all().stream().filter(kernels -> kernels.name().equals(name)).findFirst();
    assumeTrue(found.isPresent(), () -> "this machine cannot run " + name);
    return found.orElseThrow();
  }
}
