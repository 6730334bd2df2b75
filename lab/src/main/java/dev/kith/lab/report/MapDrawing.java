package dev.kith.lab.report;

import dev.kith.lab.report.VectorMap.Dot;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Drawing of a map of vectors. */
final class MapDrawing {
  private static final int MARGIN = 20;
  private static final int PICTURE_HEIGHT = 300;

  private final VectorMap map;
  private final double left;
  private final double top;
  private final double unit;

  MapDrawing(VectorMap map, int width, int height) {
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
    // Both axes have one unit: distances must not be bent.
    double fitX = (width - 2 * MARGIN) / Math.max(maxX - minX, 1e-30);
    double fitY = (height - 2 * MARGIN) / Math.max(maxY - minY, 1e-30);
    this.unit = Math.min(fitX, fitY);
    this.left = (width - (maxX + minX) * unit) / 2;
    this.top = (height + (maxY + minY) * unit) / 2;
  }

  /** Description of what is seen, in words. */
  static String told(VectorMap map) {
    return String.format(
        Locale.ROOT,
        "The plane of the two principal components of %,d rows. It shows %.1f %% of their"
            + " variance: what is near here need not be near. The query is the cross, its %d"
            + " neighbours the rings.",
        map.rows().size(),
        100 * map.share(),
        map.neighbours().size());
  }

  static Picture picture(VectorMap map, Report.@Nullable Data data) {
    var drawing = new MapDrawing(map, Picture.INNER, PICTURE_HEIGHT);
    var sheet = new Picture.Sheet().heading("The vectors on a plane");
    if (data != null) {
      sheet.small(data.name());
    }
    return sheet
        .space(4)
        .draw(
            PICTURE_HEIGHT,
            "<rect class=\"block\" width=\"100%\" height=\"100%\"/>\n" + drawing.drawn(false))
        .space(6)
        .small(told(map))
        .picture("map", "The vectors on a plane", told(map));
  }

  /**
   * The dots.
   *
   * @param pointed whether something can be pointed at, to learn what it is
   */
  String drawn(boolean pointed) {
    var drawn = new StringBuilder("<g class=\"map\">\n<path class=\"dots\" d=\"");
    for (var dot : map.rows()) {
      drawn.append(String.format(Locale.ROOT, "M%.1f %.1fh0", x(dot), y(dot)));
    }
    drawn.append("\"/>\n");
    var query = map.query();
    for (int i = 0; i < map.neighbours().size(); i++) {
      var dot = map.neighbours().get(i);
      drawn.append(
          String.format(
              Locale.ROOT,
              "<path class=\"to\" d=\"M%.1f %.1fL%.1f %.1f\"/>"
                  + "<circle class=\"near\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\">%s</circle>%n",
              x(query),
              y(query),
              x(dot),
              y(dot),
              x(dot),
              y(dot),
              pointed ? "<title>%d. row %d</title>".formatted(i + 1, dot.row()) : ""));
    }
    return drawn
        .append(
            String.format(
                Locale.ROOT,
                "<path class=\"query\" d=\"M%.1f %.1fm-9 0h18m-9 -9v18\"/>%n</g>%n",
                x(query),
                y(query)))
        .toString();
  }

  private double x(Dot dot) {
    return left + dot.x() * unit;
  }

  private double y(Dot dot) {
    return top - dot.y() * unit;
  }
}
