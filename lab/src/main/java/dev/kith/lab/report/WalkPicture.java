package dev.kith.lab.report;

import static java.util.stream.Collectors.joining;

import dev.kith.core.graph.Graph;
import dev.kith.core.graph.WalkTrace;
import dev.kith.lab.report.LabelPlaces.Box;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;

/** Picture of a walk through a graph over points on a plane. */
public final class WalkPicture {
  private static final int MARGIN = 16;
  private static final int TALLEST = 360;
  private static final int DOT = 4;
  private static final int RING = 7;
  private static final int HIGH = 12;
  private static final int WIDE = 8;

  private final float[][] points;
  private final float[] query;
  private final Graph graph;
  private final WalkTrace trace;
  private final List<Integer> answer;
  private final PlaneFrame frame;

  private WalkPicture(
      float[][] points, float[] query, Graph graph, WalkTrace trace, List<Integer> answer) {
    this.points = points;
    this.query = query;
    this.graph = graph;
    this.trace = trace;
    this.answer = answer;
    this.frame = PlaneFrame.around(points, query, MARGIN, MARGIN, TALLEST);
  }

  /**
   * Draws points, links, and the walk.
   *
   * @param points {@code [n][2]}, n at least 1
   * @param query {@code [2]}
   * @param graph graph over the points
   * @param trace the walk through it
   * @param answer rows that were found, nearest first
   * @throws IllegalArgumentException if they have not two coordinates
   */
  @SuppressWarnings("exports") // for Kith's own modules
  public static Picture of(
      float[][] points, float[] query, Graph graph, WalkTrace trace, List<Integer> answer) {
    if (query.length != 2) {
      throw new IllegalArgumentException(
          "a picture shows points of two coordinates, these have %d".formatted(query.length));
    }
    return new WalkPicture(points, query, graph, trace, answer).picture();
  }

  private Picture picture() {
    var told =
        "%d points and a query, the cross. The walk begins at row %d and expands %d rows, numbered in their order; lines lead from each to what it found. It estimates %d rows, in blue and orange; the others stay grey. It finds the rings: %s."
            .formatted(
                points.length,
                trace.seeds().getFirst().row(),
                trace.hops().size(),
                trace.estimated(),
                answer.stream().map(row -> "row " + row).collect(joining(", ")));
    return new Picture.Sheet()
        .heading("A walk to the nearest of %d points".formatted(points.length))
        .space(4)
        .draw(frame.height(), drawn())
        .space(6)
        .small(told)
        .picture("walk", "A walk through a graph", told);
  }

  private String drawn() {
    var drawn = new StringBuilder("<g class=\"map\">\n");
    for (int row = 0; row < points.length; row++) {
      for (int link : graph.neighbours(row)) {
        drawn.append(line("rule", row, link));
      }
    }
    var met = new HashSet<Integer>();
    trace.seeds().forEach(seed -> met.add(seed.row()));
    var order = new HashMap<Integer, Integer>();
    for (var hop : trace.hops()) {
      order.put(hop.row(), order.size() + 1);
      for (var fresh : hop.fresh()) {
        met.add(fresh.row());
        drawn.append(line("to", hop.row(), fresh.row()));
      }
    }
    for (int row = 0; row < points.length; row++) {
      drawn.append(
          String.format(
              Locale.ROOT,
              "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%d\"%s><title>row"
                  + " %d</title></circle>\n",
              answer.contains(row) ? "near" : met.contains(row) ? "far" : "rule",
              frame.x(points[row]),
              frame.y(points[row]),
              answer.contains(row) ? RING : DOT,
              order.containsKey(row) ? " style=\"fill:var(--s0)\"" : "",
              row));
    }
    drawn.append(frame.cross(query)).append("</g>\n");
    var numbers = numbers();
    for (int hop = 0; hop < numbers.size(); hop++) {
      var box = numbers.get(hop);
      drawn.append(
          String.format(
              Locale.ROOT,
              "<text class=\"name\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%d</text>\n",
              box.x() + box.width() / 2,
              box.y() + box.height() - 1,
              hop + 1));
    }
    return drawn.toString();
  }

  /** Places of the numbers of the hops, each beside the row that was expanded. */
  List<Box> numbers() {
    var dots = new ArrayList<Box>();
    for (int row = 0; row < points.length; row++) {
      double across = 2.0 * (answer.contains(row) ? RING : DOT);
      dots.add(Box.around(frame.x(points[row]), frame.y(points[row]), across, across));
    }
    dots.add(Box.around(frame.x(query), frame.y(query), 18, 18));
    var places = new LabelPlaces(new Box(0, 0, Picture.INNER, frame.height()), dots);
    var numbers = new ArrayList<Box>();
    for (var hop : trace.hops()) {
      var at = points[hop.row()];
      int wide = WIDE * Integer.toString(numbers.size() + 1).length();
      numbers.add(places.place(frame.x(at), frame.y(at), wide, HIGH));
    }
    return numbers;
  }

  private String line(String kind, int from, int to) {
    return String.format(
        Locale.ROOT,
        "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n",
        kind,
        frame.x(points[from]),
        frame.y(points[from]),
        frame.x(points[to]),
        frame.y(points[to]));
  }
}
