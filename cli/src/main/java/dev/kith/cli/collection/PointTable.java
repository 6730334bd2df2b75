package dev.kith.cli.collection;

import dev.kith.cli.console.Table;
import dev.kith.db.point.Point;
import dev.kith.db.point.Schema;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Points as readers want them; vectors are numbers that nobody reads, and shown on request. */
final class PointTable {
  private PointTable() {}

  /** The same points without their vectors. */
  static List<Point> bare(List<Point> points) {
    return points.stream().map(p -> new Point(p.id(), Map.of(), p.payload())).toList();
  }

  /** Prints a block for each point, a line for each key of its payload and each vector. */
  static void blocks(PrintWriter out, List<Point> points, Schema schema, boolean withVectors) {
    String blank = "";
    for (var point : points) {
      out.print(blank);
      blank = System.lineSeparator();
      var values = point.payload().values();
      int width = "vector".length();
      for (var key : values.keySet()) {
        width = Math.max(width, key.length());
      }
      line(out, "id", width, Ids.shown(point.id()));
      for (var key : values.keySet()) {
        line(out, Table.shorten(key), width, Table.shorten(text(values.get(key))));
      }
      for (var vector : point.vectors().entrySet()) {
        line(
            out,
            vector.getKey(),
            width,
            withVectors
                ? Arrays.toString(vector.getValue())
                : "%d x %s"
                    .formatted(
                        vector.getValue().length,
                        schema.vector(vector.getKey()).type().name().toLowerCase(Locale.ROOT)));
      }
    }
    out.flush();
  }

  private static void line(PrintWriter out, String name, int width, String value) {
    out.println(name + " ".repeat(Math.max(0, width - name.length())) + "  " + value);
  }

  private static String text(@Nullable Object value) {
    return String.valueOf(value);
  }

  /** Prints a line for each point: its id, and the beginning of its payload. */
  static void lines(PrintWriter out, List<Point> points, boolean withVectors) {
    var table = withVectors ? new Table("id", "payload", "vectors") : new Table("id", "payload");
    for (var point : points) {
      String id = Ids.shown(point.id());
      String payload = Table.shorten(point.payload().toString());
      if (withVectors) {
        table.row(id, payload, vectors(point));
      } else {
        table.row(id, payload);
      }
    }
    table.print(out);
  }

  private static String vectors(Point point) {
    var text = new StringBuilder();
    point
        .vectors()
        .forEach(
            (name, row) ->
                text.append(text.isEmpty() ? "" : " ")
                    .append(name)
                    .append(' ')
                    .append(Arrays.toString(row)));
    return text.toString();
  }
}
