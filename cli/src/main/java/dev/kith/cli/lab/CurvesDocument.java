package dev.kith.cli.lab;

import dev.kith.lab.peers.PeerResult;
import dev.kith.lab.peers.SpeedCurve;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Document of {@code kith lab compare --json} at equal recall; its fields mean what those of {@link
 * PeerResult} and {@link SpeedCurve} do.
 */
record CurvesDocument(
    String data,
    long n,
    int dim,
    @Nullable Double intrinsicDimension,
    int queries,
    int k,
    String metric,
    int rounds,
    int piece,
    String machine,
    String commit,
    List<Entry> contestants,
    List<Missing> missing) {

  /** Contestant that ran to the end. */
  record Entry(
      String name,
      String version,
      double buildCpuSeconds,
      long bytes,
      List<Point> curve,
      List<Speed> speeds) {}

  /** Result at one effort. */
  record Point(String effort, double recall, double qpsPerCpuSecond, double slowestRound) {}

  /** Speed at a recall that was asked for; null if no effort reached it. */
  record Speed(double recall, @Nullable Double qpsPerCpuSecond, boolean leastEffort) {}

  /** Contestant that did not run. */
  record Missing(String name, String reason) {}

  static CurvesDocument of(PeerResult result) {
    return new CurvesDocument(
        result.data(),
        result.rows(),
        result.dimension(),
        result.intrinsicDimension(),
        result.queries(),
        result.k(),
        result.metric(),
        result.rounds(),
        result.piece(),
        result.machine(),
        result.commit(),
        result.contestants().stream().map(CurvesDocument::entry).toList(),
        result.missing().stream().map(one -> new Missing(one.name(), one.reason())).toList());
  }

  private static Entry entry(PeerResult.Measured one) {
    return new Entry(
        one.name(),
        one.version(),
        one.buildCpuSeconds(),
        one.bytes(),
        one.curve().stream().map(CurvesDocument::point).toList(),
        one.speeds().stream().map(CurvesDocument::speed).toList());
  }

  private static Point point(SpeedCurve.Point point) {
    return new Point(
        point.effort(), point.recall(), point.queriesPerCpuSecond(), point.slowestRound());
  }

  private static Speed speed(SpeedCurve.Speed speed) {
    return new Speed(speed.recall(), speed.queriesPerCpuSecond(), speed.leastEffort());
  }
}
