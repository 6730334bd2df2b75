package dev.kith.cuda.exact;

import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** What the host does for each query of a group. */
final class Hosts {
  /** From this number of queries on, threads share it out. */
  private static final int MANY = 512;

  private Hosts() {}

  /** Does it for queries 0 to {@code count - 1}. */
  static void forEach(int count, IntConsumer each) {
    var queries = IntStream.range(0, count);
    (count < MANY ? queries : queries.parallel()).forEach(each);
  }
}
