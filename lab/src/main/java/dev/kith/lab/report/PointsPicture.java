package dev.kith.lab.report;

import static java.util.stream.Collectors.joining;

import dev.kith.core.metric.Metric;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Locale;

/** Picture of some points, a query, its distance to each, and the nearest. */
public final class PointsPicture {
  /** Room for names beside the outermost points. */
  private static final int ASIDE = 64;

  private static final int ABOVE = 32;
  private static final int TALLEST = 360;
  private static final MathContext FIGURES = new MathContext(3);

  private final float[][] points;
  private final float[] query;
  private final List<Integer> nearest;
  private final PlaneFrame frame;

  private PointsPicture(float[][] points, float[] query, List<Integer> nearest) {
    this.points = points;
    this.query = query;
    this.nearest = nearest;
    this.frame = PlaneFrame.around(points, query, ASIDE, ABOVE, TALLEST);
  }

  /**
   * Draws points and query.
   *
   * @param points {@code [n][2]}, n at least 1
   * @param query {@code [2]}
   * @param nearest rows of {@code points}, nearest first; at least one
   * @throws IllegalArgumentException if they have not two coordinates
   */
  public static Picture of(float[][] points, float[] query, List<Integer> nearest) {
    if (query.length != 2) {
      throw new IllegalArgumentException(
          "a picture shows points of two coordinates, these have %d".formatted(query.length));
    }
    return new PointsPicture(points, query, nearest).picture();
  }

  private Picture picture() {
    double reach = Math.sqrt(Metric.L2.key(query, points[nearest.getLast()]));
    String told =
        "%d points and a query at (%s, %s). The nearest %d: %s. No other point lies within the circle, whose radius is the distance of the last of them, %s."
            .formatted(
                points.length,
                number(query[0]),
                number(query[1]),
                nearest.size(),
                nearest.stream().map(row -> "row " + row).collect(joining(", ")),
                number(reach));
    return new Picture.Sheet()
        .heading("The nearest %d of %d points".formatted(nearest.size(), points.length))
        .space(4)
        .draw(frame.height(), drawn(reach))
        .space(6)
        .small(told)
        .picture("points", "The nearest of some points", told);
  }

  private String drawn(double reach) {
    var drawn = new StringBuilder("<rect class=\"block\" width=\"100%\" height=\"100%\"/>\n");
    drawn.append("<g class=\"map\">\n");
    drawn.append(
        String.format(
            Locale.ROOT,
            "<circle class=\"reach\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>\n",
            frame.x(query),
            frame.y(query),
            reach * frame.unit()));
    for (int row = 0; row < points.length; row++) {
      var point = points[row];
      drawn.append(
          String.format(
              Locale.ROOT,
              "<path class=\"to\" d=\"M%.1f %.1fL%.1f %.1f\"/><circle class=\"%s\" cx=\"%.1f\""
                  + " cy=\"%.1f\" r=\"5\"/>\n",
              frame.x(query),
              frame.y(query),
              frame.x(point),
              frame.y(point),
              nearest.contains(row) ? "near" : "far",
              frame.x(point),
              frame.y(point)));
    }
    drawn.append(frame.cross(query)).append("</g>\n");
    // Beside the query on the side where the nearest point is not.
    drawn.append(text("name", query, points[nearest.getFirst()], 16, "query"));
    for (int row = 0; row < points.length; row++) {
      var point = points[row];
      double distance = Math.sqrt(Metric.L2.key(query, point));
      drawn.append(text("name", point, query, 0, "row " + row));
      drawn.append(text("small", point, query, 15, number(distance)));
    }
    return drawn.toString();
  }

  /** Text on the side of a place that is away from another one. */
  private String text(String kind, float[] at, float[] from, int below, String text) {
    boolean right = at[0] >= from[0];
    return String.format(
        Locale.ROOT,
        "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
        kind,
        frame.x(at) + (right ? 10 : -10),
        frame.y(at) + below,
        right ? "start" : "end",
        Svg.escape(text));
  }

  private static String number(double x) {
    return new BigDecimal(x).round(FIGURES).stripTrailingZeros().toPlainString();
  }
}
