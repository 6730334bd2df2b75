package dev.kith.cuda.exact;

import dev.kith.core.work.Workers;
import java.util.function.IntConsumer;

/** What the host does for each query of a group. */
final class Hosts {
  /** From this number of queries on, threads share it out. */
  private static final int MANY = 512;

  /** Queries that a thread takes at a time. */
  private static final int AT_ONCE = 64;

  private Hosts() {}

  /** Does it for queries 0 to {@code count - 1}. */
  static void forEach(int count, IntConsumer each) {
    if (count < MANY) {
      for (int q = 0; q < count; q++) {
        each.accept(q);
      }
      return;
    }
    Workers.forEach(
        Math.ceilDiv(count, AT_ONCE),
        part -> {
          int first = (int) part * AT_ONCE;
          for (int q = first; q < Math.min(count, first + AT_ONCE); q++) {
            each.accept(q);
          }
        });
  }
}
