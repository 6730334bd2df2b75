package dev.kith.lab.report;

import java.util.Locale;

/**
 * Frame of a drawing of points and a query in the plane: both axes have one unit, so that distances
 * are not bent, and everything lies inside of margins.
 *
 * @param unit length of 1 in the drawing
 * @param left where x = 0 lies
 * @param top where y = 0 lies
 * @param height height of the drawing
 */
record PlaneFrame(double unit, double left, double top, int height) {

  /**
   * Frame around points.
   *
   * @param points {@code [n][2]}
   * @param query {@code [2]}
   * @param aside margin on the left and on the right
   * @param above margin above and below
   * @param tallest most height
   */
  static PlaneFrame around(float[][] points, float[] query, int aside, int above, int tallest) {
    double minX = query[0];
    double maxX = minX;
    double minY = query[1];
    double maxY = minY;
    for (var point : points) {
      minX = Math.min(minX, point[0]);
      maxX = Math.max(maxX, point[0]);
      minY = Math.min(minY, point[1]);
      maxY = Math.max(maxY, point[1]);
    }
    double fitX = (Picture.INNER - 2 * aside) / Math.max(maxX - minX, 1e-30);
    double fitY = (tallest - 2 * above) / Math.max(maxY - minY, 1e-30);
    double unit = Math.min(fitX, fitY);
    int height = (int) Math.ceil((maxY - minY) * unit) + 2 * above;
    return new PlaneFrame(
        unit,
        (Picture.INNER - (maxX + minX) * unit) / 2,
        (height + (maxY + minY) * unit) / 2,
        height);
  }

  double x(float[] point) {
    return left + point[0] * unit;
  }

  double y(float[] point) {
    return top - point[1] * unit;
  }

  /** Cross at the query. */
  String cross(float[] query) {
    return String.format(
        Locale.ROOT,
        "<path class=\"query\" d=\"M%.1f %.1fm-9 0h18m-9 -9v18\"/>\n",
        x(query),
        y(query));
  }
}
