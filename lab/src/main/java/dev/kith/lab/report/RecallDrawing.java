package dev.kith.lab.report;

import dev.kith.lab.peers.SpeedCurve.Point;
import dev.kith.lab.report.LabelPlaces.Box;
import dev.kith.lab.report.RecallPlot.Line;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Drawing of recall against queries a CPU-second, in pixels. Speeds are on a log scale. Recalls are
 * on one of what is missing to 1, so that 0.9 to 0.99 takes the room that 0.99 to 0.999 does, for
 * there the work is. A line is numbered at its end; the legend has the names.
 */
final class RecallDrawing {
  /** What is added to what is missing to 1, so that 1 has a place. */
  private static final double END = 0.0005;

  /** Recalls that are marked, if there is room. */
  private static final double[] RECALLS = {0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1};

  private static final int COLOURS = 6;

  /** Dashes of the first colours, of the same again, and so on. */
  private static final List<String> DASHES = List.of("none", "7 4", "2 4", "9 3 2 3");

  private static final int LEFT = 48;
  private static final int RIGHT = 16;
  private static final int ABOVE = 22;
  private static final int BELOW = 36;

  /** Least distance of two marks' labels. */
  private static final int APART = 34;

  private static final int DOT = 3;

  /** Height of a number at a line, and the width of each of its digits. */
  private static final int HIGH = 12;

  private static final int WIDE = 8;

  private final RecallPlot plot;
  private final int width;
  private final int height;
  private final double fromRecall;
  private final double toRecall;
  private final double fromRate;
  private final double toRate;

  RecallDrawing(RecallPlot plot, int width, int height) {
    this.plot = plot;
    this.width = width;
    this.height = height;
    double least = 1;
    double most = 0;
    double slow = Double.POSITIVE_INFINITY;
    double fast = 0;
    for (var line : plot.lines()) {
      for (var point : line.curve().points()) {
        least = Math.min(least, point.recall());
        most = Math.max(most, point.recall());
        slow = Math.min(slow, point.queriesPerCpuSecond());
        fast = Math.max(fast, point.queriesPerCpuSecond());
      }
    }
    int low = 0;
    while (low < RECALLS.length - 2 && RECALLS[low + 1] <= least) {
      low++;
    }
    int high = RECALLS.length - 1;
    while (high > low + 1 && RECALLS[high - 1] >= most) {
      high--;
    }
    this.fromRecall = nines(RECALLS[low]);
    this.toRecall = nines(RECALLS[high]);
    this.fromRate = step(slow, false);
    this.toRate = Math.max(step(fast, true), 10 * fromRate);
  }

  private static double nines(double recall) {
    return -Math.log10(1 + END - Math.clamp(recall, 0, 1));
  }

  /** Nearest of 1, 2 and 5 times a power of ten that is no larger, or no smaller. */
  private static double step(double rate, boolean up) {
    double power = Math.pow(10, Math.floor(Math.log10(rate)));
    double best = up ? 10 * power : power;
    for (double times : up ? new double[] {5, 2, 1} : new double[] {1, 2, 5}) {
      if (up ? times * power >= rate : times * power <= rate) {
        best = times * power;
      }
    }
    return best;
  }

  private double x(double recall) {
    double share = (nines(recall) - fromRecall) / (toRecall - fromRecall);
    return LEFT + share * (width - LEFT - RIGHT);
  }

  private double y(double rate) {
    double share = Math.log(rate / fromRate) / Math.log(toRate / fromRate);
    return height - BELOW - share * (height - ABOVE - BELOW);
  }

  /** Everything but the legend. */
  String drawn() {
    var drawn = new StringBuilder();
    drawn.append(
        "<rect class=\"block\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n"
            .formatted(LEFT, ABOVE, width - LEFT - RIGHT, height - ABOVE - BELOW));
    marks(drawn);
    for (int i = 0; i < plot.lines().size(); i++) {
      line(drawn, i);
    }
    var numbers = numbers();
    for (int i = 0; i < numbers.size(); i++) {
      var box = numbers.get(i);
      drawn.append(
          text(
              "name",
              box.x() + box.width() / 2,
              box.y() + box.height() - 2,
              "middle",
              Integer.toString(i + 1)));
    }
    return drawn.toString();
  }

  private void marks(StringBuilder drawn) {
    double last = Double.NEGATIVE_INFINITY;
    for (double recall : RECALLS) {
      if (nines(recall) < fromRecall || nines(recall) > toRecall) {
        continue;
      }
      double at = x(recall);
      drawn.append(rule(at, ABOVE, at, height - BELOW));
      if (at - last >= APART) {
        last = at;
        drawn.append(text("small", at, height - BELOW + 14, "middle", number(recall)));
      }
    }
    double base = height; // of the label before
    double power = Math.pow(10, Math.floor(Math.log10(fromRate)));
    for (; power <= toRate; power *= 10) {
      for (int times : new int[] {1, 2, 5}) {
        double rate = times * power;
        if (rate < fromRate * 0.999 || rate > toRate * 1.001) {
          continue;
        }
        double at = y(rate);
        drawn.append(rule(LEFT, at, width - RIGHT, at));
        if (base - at >= HIGH + 2) {
          base = at;
          drawn.append(text("small", LEFT - 5, at + 4, "end", rate(rate)));
        }
      }
    }
    drawn.append(text("small", 0, 12, "start", "queries a CPU-second"));
    drawn.append(text("small", width - RIGHT, height - 6, "end", "recall@" + plot.k()));
  }

  private static String rule(double x1, double y1, double x2, double y2) {
    return String.format(
        Locale.ROOT,
        "<line class=\"rule\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
        x1,
        y1,
        x2,
        y2);
  }

  private static String text(String kind, double x, double y, String anchor, String text) {
    return String.format(
        Locale.ROOT,
        "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
        kind,
        x,
        y,
        anchor,
        Svg.escape(text));
  }

  private static String number(double recall) {
    return recall == 0 || recall == 1
        ? String.format(Locale.ROOT, "%.0f", recall)
        : String.valueOf(recall);
  }

  private static String rate(double rate) {
    return rate >= 1
        ? String.format(Locale.ROOT, "%,.0f", rate)
        : String.format(Locale.ROOT, "%.2g", rate);
  }

  private void line(StringBuilder drawn, int index) {
    var path = new StringBuilder();
    var dots = new StringBuilder();
    for (var point : ordered(plot.lines().get(index))) {
      double x = x(point.recall());
      double y = y(point.queriesPerCpuSecond());
      path.append(String.format(Locale.ROOT, "%s%.1f %.1f", path.isEmpty() ? "M" : "L", x, y));
      dots.append(
          String.format(
              Locale.ROOT,
              "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%d\""
                  + " style=\"fill:var(--s%d)\"><title>%s</title></circle>\n",
              x,
              y,
              DOT,
              index % COLOURS,
              Svg.escape(told(index, point))));
    }
    drawn.append(
        "<path d=\"%s\" fill=\"none\" stroke-width=\"2\" stroke-dasharray=\"%s\" style=\"stroke:var(--s%d)\"/>\n%s"
            .formatted(path, dash(index), index % COLOURS, dots));
  }

  private String told(int index, Point point) {
    return String.format(
        Locale.ROOT,
        "%s, %s: recall %.4f, %,.0f queries a CPU-second",
        plot.lines().get(index).name(),
        point.effort(),
        point.recall(),
        point.queriesPerCpuSecond());
  }

  private static String dash(int index) {
    return DASHES.get(index / COLOURS % DASHES.size());
  }

  private static List<Point> ordered(Line line) {
    return line.curve().points().stream()
        .sorted(
            Comparator.comparingDouble(Point::recall)
                .thenComparing(Comparator.comparingDouble(Point::queriesPerCpuSecond).reversed()))
        .toList();
  }

  /** Places of the lines' numbers, each beside the end of its line. */
  List<Box> numbers() {
    var dots = new ArrayList<Box>();
    for (var line : plot.lines()) {
      for (var point : line.curve().points()) {
        dots.add(
            Box.around(x(point.recall()), y(point.queriesPerCpuSecond()), 2.0 * DOT, 2.0 * DOT));
      }
    }
    var room = new Box(LEFT, 14, width - LEFT, height - BELOW - 14.0);
    var places = new LabelPlaces(room, dots);
    var numbers = new ArrayList<Box>();
    for (int i = 0; i < plot.lines().size(); i++) {
      var end = ordered(plot.lines().get(i)).getLast();
      int wide = WIDE * Integer.toString(i + 1).length();
      numbers.add(places.place(x(end.recall()), y(end.queriesPerCpuSecond()), wide, HIGH));
    }
    return numbers;
  }

  /** Line of the legend; a name that was broken has its swatch in the first. */
  String legend(int index, String name, boolean first) {
    String swatch =
        "<line x1=\"22\" y1=\"8\" x2=\"50\" y2=\"8\" stroke-width=\"2\" stroke-dasharray=\"%s\" style=\"stroke:var(--s%d)\"/><circle cx=\"36\" cy=\"8\" r=\"%d\" style=\"fill:var(--s%d)\"/>%s"
            .formatted(
                dash(index),
                index % COLOURS,
                DOT,
                index % COLOURS,
                text("name", 16, 12, "end", Integer.toString(index + 1)));
    return (first ? swatch : "") + text("small", 58, 12, "start", name);
  }
}
