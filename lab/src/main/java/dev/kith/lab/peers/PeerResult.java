package dev.kith.lab.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Result of a comparison at equal recall; the document of {@code kith lab compare --peers --json}.
 *
 * @param data name of where the rows come from
 * @param rows number of rows
 * @param dimension elements a row
 * @param queries number of queries
 * @param k neighbours of each query
 * @param metric metric of the search
 * @param intrinsicDimension local intrinsic dimension of the rows, which says how hard they are to
 *     search; null if it cannot be told
 * @param rounds times that each piece was asked, of which the fastest counts
 * @param piece queries of one piece
 * @param machine description of everything that the times depend on, in one line
 * @param commit commit of the checkout that ran
 * @param contestants contestants that ran to the end, in their order
 * @param missing contestants that did not
 */
public record PeerResult(
    String data,
    long rows,
    int dimension,
    int queries,
    int k,
    String metric,
    @Nullable Double intrinsicDimension,
    int rounds,
    int piece,
    String machine,
    String commit,
    List<Measured> contestants,
    List<Missing> missing) {
  /** Copies the lists. */
  public PeerResult {
    contestants = List.copyOf(contestants);
    missing = List.copyOf(missing);
  }

  /**
   * What was measured of one contestant.
   *
   * @param name name of the contestant
   * @param version version of what ran
   * @param buildCpuSeconds work of the build, all threads together
   * @param bytes bytes of the index, rows included
   * @param curve results, one an effort, the least effort first
   * @param speeds speeds at the recalls that were asked for
   */
  public record Measured(
      String name,
      String version,
      double buildCpuSeconds,
      long bytes,
      List<SpeedCurve.Point> curve,
      List<SpeedCurve.Speed> speeds) {
    /** Copies the lists. */
    public Measured {
      curve = List.copyOf(curve);
      speeds = List.copyOf(speeds);
    }
  }

  /**
   * Contestant that did not run to the end.
   *
   * @param name name of the contestant
   * @param reason reason why not, and what to do
   */
  public record Missing(String name, String reason) {}

  /**
   * Lines for the reader: a table of queries per CPU-second at each recall, then what is missing.
   * {@code >} marks the fastest effort where it finds more than asked for, {@code -} a recall that
   * no effort reached.
   */
  public List<String> lines() {
    var lines = new ArrayList<String>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%s: %,d x %d%s, %s, k=%d, %,d queries one at a time on one thread; least of %d rounds"
                + " over pieces of %d",
            data,
            rows,
            dimension,
            intrinsicDimension == null
                ? ""
                : String.format(Locale.ROOT, " (intrinsic dimension %.1f)", intrinsicDimension),
            metric,
            k,
            queries,
            rounds,
            piece));
    if (!contestants.isEmpty()) {
      int width = contestants.stream().mapToInt(one -> one.name.length()).max().orElse(0);
      var head = new StringBuilder("queries per CPU-second at recall@%d".formatted(k));
      lines.add(head.toString());
      head.setLength(0);
      head.append(" ".repeat(width));
      for (var speed : contestants.getFirst().speeds) {
        head.append(String.format(Locale.ROOT, "%10s", share(speed.recall())));
      }
      lines.add(head.append("  build CPU-s        MB  slowest round").toString());
      contestants.forEach(one -> lines.add(line(one, width)));
    }
    missing.forEach(one -> lines.add(one.name + ": " + one.reason));
    return lines;
  }

  private static String line(Measured one, int width) {
    var line = new StringBuilder(one.name).append(" ".repeat(width - one.name.length()));
    for (var speed : one.speeds) {
      var rate = speed.queriesPerCpuSecond();
      var text =
          rate == null
              ? "-"
              : String.format(Locale.ROOT, "%s%,.0f", speed.leastEffort() ? ">" : "", rate);
      line.append(String.format(Locale.ROOT, "%10s", text));
    }
    double slowest = one.curve.stream().mapToDouble(SpeedCurve.Point::slowestRound).max().orElse(1);
    return line.append(
            String.format(
                Locale.ROOT, "%13.1f%10.1f%14.2fx", one.buildCpuSeconds, one.bytes / 1e6, slowest))
        .toString();
  }

  private static String share(double recall) {
    return String.valueOf(recall);
  }
}
