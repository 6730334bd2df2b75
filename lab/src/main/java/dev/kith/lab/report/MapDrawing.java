package dev.kith.lab.report;

import dev.kith.lab.report.VectorMap.Dot;
import java.util.List;
import java.util.Locale;

/** A map of vectors as SVG. */
final class MapDrawing {
  private static final int WIDTH = 800;
  private static final int HEIGHT = 500;
  private static final int MARGIN = 24;

  private final VectorMap map;
  private final double left;
  private final double top;
  private final double unit;

  MapDrawing(VectorMap map) {
    this.map = map;
    double minX = map.query().x();
    double maxX = minX;
    double minY = map.query().y();
    double maxY = minY;
    for (var dots : List.of(map.rows(), map.neighbours())) {
      for (var dot : dots) {
        minX = Math.min(minX, dot.x());
        maxX = Math.max(maxX, dot.x());
        minY = Math.min(minY, dot.y());
        maxY = Math.max(maxY, dot.y());
      }
    }
    // One unit for both axes: distances must not be bent.
    double fitX = (WIDTH - 2 * MARGIN) / Math.max(maxX - minX, 1e-30);
    double fitY = (HEIGHT - 2 * MARGIN) / Math.max(maxY - minY, 1e-30);
    this.unit = Math.min(fitX, fitY);
    this.left = (WIDTH - (maxX + minX) * unit) / 2;
    this.top = (HEIGHT + (maxY + minY) * unit) / 2;
  }

  void append(StringBuilder html) {
    html.append("<section>\n<h2>The vectors on a plane</h2>\n<p class=\"about\">");
    html.append(
        String.format(
            Locale.ROOT,
            "The plane of the two principal components of %d rows. It shows %.1f %% of their"
                + " variance: what is near here need not be near. The query is the cross, its %d"
                + " neighbours the rings.",
            map.rows().size(),
            100 * map.share(),
            map.neighbours().size()));
    html.append("</p>\n<svg class=\"map\" viewBox=\"0 0 ").append(WIDTH).append(' ');
    html.append(HEIGHT).append("\" role=\"img\" aria-label=\"map of the vectors\">\n");
    html.append("<path class=\"rows\" d=\"");
    for (var dot : map.rows()) {
      html.append(String.format(Locale.ROOT, "M%.1f %.1fh0", x(dot), y(dot)));
    }
    html.append("\"/>\n");
    var query = map.query();
    for (int i = 0; i < map.neighbours().size(); i++) {
      var dot = map.neighbours().get(i);
      html.append(
          String.format(
              Locale.ROOT,
              "<path class=\"to\" d=\"M%.1f %.1fL%.1f %.1f\"/>"
                  + "<circle class=\"near\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\">"
                  + "<title>%d. row %d</title></circle>%n",
              x(query),
              y(query),
              x(dot),
              y(dot),
              x(dot),
              y(dot),
              i + 1,
              dot.row()));
    }
    html.append(
        String.format(
            Locale.ROOT,
            "<path class=\"query\" d=\"M%.1f %.1fm-9 0h18m-9 -9v18\"><title>query</title></path>%n",
            x(query),
            y(query)));
    html.append("</svg>\n</section>\n");
  }

  private double x(Dot dot) {
    return left + dot.x() * unit;
  }

  private double y(Dot dot) {
    return top - dot.y() * unit;
  }
}
