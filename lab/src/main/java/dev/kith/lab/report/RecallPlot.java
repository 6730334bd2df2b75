package dev.kith.lab.report;

import dev.kith.lab.peers.PeerResult;
import dev.kith.lab.peers.SpeedCurve;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Recall of indexes against their speed, a line an index.
 *
 * @param data name of where the rows come from, and their shape
 * @param k neighbours of each query
 * @param intrinsicDimension local intrinsic dimension of the rows, or null if it is not known
 * @param lines indexes, in the order of the legend; at least one, each with a point or more
 */
public record RecallPlot(
    String data, int k, @Nullable Double intrinsicDimension, List<Line> lines) {
  private static final int PICTURE_HEIGHT = 280;

  /** Letters of a name in one line of the legend; longer names are broken. */
  private static final int NAME_LETTERS = 52;

  /** Copies the list. */
  public RecallPlot {
    lines = List.copyOf(lines);
    if (lines.isEmpty() || lines.stream().anyMatch(line -> line.curve().points().isEmpty())) {
      throw new IllegalArgumentException(
          "a plot needs an index or more, and a point or more of each");
    }
  }

  /** Index by its name, and what was measured of it. */
  public record Line(String name, SpeedCurve curve) {}

  /** Plot of all contestants that ran to the end; null if there is none. */
  public static @Nullable RecallPlot of(PeerResult result) {
    var lines =
        result.contestants().stream()
            .map(one -> new Line(one.name(), new SpeedCurve(one.curve())))
            .filter(line -> !line.curve().points().isEmpty())
            .toList();
    return lines.isEmpty()
        ? null
        : new RecallPlot(
            String.format(
                Locale.ROOT,
                "%s, %,d x %d, %s",
                result.data(),
                result.rows(),
                result.dimension(),
                result.metric()),
            result.k(),
            result.intrinsicDimension(),
            lines);
  }

  /** The plot as a picture of its own. */
  public Picture picture() {
    var drawing = new RecallDrawing(this, Picture.INNER, PICTURE_HEIGHT);
    var sheet =
        new Picture.Sheet()
            .heading("Recall against speed")
            .small(about())
            .space(4)
            .draw(PICTURE_HEIGHT, drawing.drawn())
            .space(6);
    for (int i = 0; i < lines.size(); i++) {
      var parts = broken(lines.get(i).name());
      for (int part = 0; part < parts.size(); part++) {
        sheet.draw(16, drawing.legend(i, parts.get(part), part == 0));
      }
    }
    return sheet.picture("recall", "Recall against speed", told());
  }

  /** What is searched, in a line. */
  String about() {
    return intrinsicDimension == null
        ? data
        : String.format(Locale.ROOT, "%s; intrinsic dimension %.1f", data, intrinsicDimension);
  }

  /** Description in words, for readers that cannot see it. */
  String told() {
    var told = new StringBuilder(about()).append(". Recall and queries a CPU-second of");
    for (int i = 0; i < lines.size(); i++) {
      told.append(i == 0 ? " " : "; ").append(lines.get(i).name()).append(": ");
      var points = lines.get(i).curve().points();
      for (int p = 0; p < points.size(); p++) {
        told.append(
            String.format(
                Locale.ROOT,
                "%s%.4f %,.0f",
                p == 0 ? "" : ", ",
                points.get(p).recall(),
                points.get(p).queriesPerCpuSecond()));
      }
    }
    return told.append('.').toString();
  }

  /** Lines of a name that is too long for one, broken where a space or a comma is. */
  static List<String> broken(String name) {
    var parts = new ArrayList<String>();
    var rest = name;
    while (rest.length() > NAME_LETTERS) {
      int at =
          Math.max(
              rest.lastIndexOf(' ', NAME_LETTERS), rest.lastIndexOf(',', NAME_LETTERS - 1) + 1);
      int cut = at <= 0 ? NAME_LETTERS : at;
      parts.add(rest.substring(0, cut).strip());
      rest = rest.substring(cut).strip();
    }
    parts.add(rest);
    return parts;
  }
}
