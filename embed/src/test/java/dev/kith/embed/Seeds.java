package dev.kith.embed;

import java.util.concurrent.ThreadLocalRandom;

/** A seed for a test: {@code -Dkith.seed=...} if given, so that a failure can be run again. */
final class Seeds {
  private Seeds() {}

  static long next() {
    return Long.getLong("kith.seed", ThreadLocalRandom.current().nextInt());
  }

  static String rerun(long seed) {
    return "rerun with -Dkith.seed=" + seed;
  }
}
