package dev.kith.lab.peers;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Recall against speed, measured at some efforts.
 *
 * @param points results, one an effort, in any order
 */
public record SpeedCurve(List<Point> points) {
  /** Copies the list. */
  public SpeedCurve {
    points = List.copyOf(points);
  }

  /**
   * Result at one effort.
   *
   * @param effort such as {@code beam 40}
   * @param recall share of the true neighbours that were found
   * @param queriesPerCpuSecond queries answered in one second of work, by the least time of each
   *     piece
   * @param slowestRound work of the slowest round as a multiple of the least times together: how
   *     much other work on the machine disturbed
   */
  public record Point(
      String effort, double recall, double queriesPerCpuSecond, double slowestRound) {}

  /**
   * Speed at one recall.
   *
   * @param recall share asked for
   * @param queriesPerCpuSecond queries answered in one second of work, or null if no effort that
   *     was measured reached the recall
   * @param leastEffort whether the fastest effort found more than asked for already, so that the
   *     speed is that effort's, and a lesser one may be faster
   */
  public record Speed(double recall, @Nullable Double queriesPerCpuSecond, boolean leastEffort) {}

  /**
   * Speed at {@code recall}, between the two nearest efforts of the frontier: the logarithm of the
   * time a query takes grows with recall along a straight line between them.
   */
  public Speed at(double recall) {
    Point below = null;
    for (var point : frontier()) {
      if (point.recall >= recall) {
        return below == null
            ? new Speed(recall, point.queriesPerCpuSecond, point.recall > recall)
            : new Speed(recall, between(below, point, recall), false);
      }
      below = point;
    }
    return new Speed(recall, null, false);
  }

  /** Points that no other beats in both speed and recall, the fastest first. */
  private List<Point> frontier() {
    var sorted =
        points.stream()
            .sorted(
                Comparator.comparingDouble(Point::queriesPerCpuSecond)
                    .thenComparingDouble(Point::recall)
                    .reversed())
            .toList();
    var kept = new ArrayList<Point>();
    for (var point : sorted) {
      if (kept.isEmpty() || point.recall > kept.getLast().recall) {
        kept.add(point);
      }
    }
    return kept;
  }

  private static double between(Point below, Point above, double recall) {
    double share = (recall - below.recall) / (above.recall - below.recall);
    return Math.exp(
        (1 - share) * Math.log(below.queriesPerCpuSecond)
            + share * Math.log(above.queriesPerCpuSecond));
  }
}
