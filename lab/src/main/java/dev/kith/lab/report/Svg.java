package dev.kith.lab.report;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Elements of SVG. Lengths across are shares of the surrounding {@code svg}, 0 to 1, so that the
 * same drawing fits a page of any width and a picture; lengths down are pixels.
 */
final class Svg {
  private Svg() {}

  /** Bar, at least half a pixel wide, so that it is seen. */
  static String bar(String kind, double from, double to, int top, int height) {
    return bar(kind, from, to, top, height, null);
  }

  /** Bar that says what it is when pointed at. */
  static String bar(
      String kind, double from, double to, int top, int height, @Nullable String told) {
    return "<rect class=\"%s\" x=\"%s\" y=\"%d\" width=\"%s\" height=\"%d\"%s"
        .formatted(
            kind,
            percent(from),
            top,
            percent(Math.max(to - from, 0.0012)),
            height,
            told == null ? "/>" : "><title>" + escape(told) + "</title></rect>");
  }

  /** Bars in one line, one after the other, each as long as its share of {@code all}. */
  static String stacked(List<String> kinds, List<Double> values, double all, int height) {
    var drawn = new StringBuilder(bar("block", 0, 1, 0, height));
    double from = 0;
    for (int i = 0; i < kinds.size(); i++) {
      double to = from + values.get(i) / Math.max(all, 1e-12);
      if (to > from) {
        drawn.append(bar(kinds.get(i), from, to, 0, height));
      }
      from = to;
    }
    return drawn.toString();
  }

  /** Thin line from top to bottom. */
  static String line(String kind, double at, int top, int height) {
    return "<line class=\"%s\" x1=\"%s\" y1=\"%d\" x2=\"%s\" y2=\"%d\"/>"
        .formatted(kind, percent(at), top, percent(at), top + height);
  }

  /** Number or name below or above a place: centred there, but not cut off at either end. */
  static String label(double at, int base, String text) {
    String anchor = at < 0.02 ? "start" : at > 0.98 ? "end" : "middle";
    return "<text class=\"small\" x=\"%s\" y=\"%d\" text-anchor=\"%s\">%s</text>"
        .formatted(percent(at), base, anchor, escape(text));
  }

  /** Drawing in a page, as wide as the element around it. */
  static String inPage(String kind, int height, String told, String drawn) {
    return "<svg class=\"%s\" width=\"100%%\" height=\"%d\" role=\"img\" aria-label=\"%s\">%s</svg>\n"
        .formatted(kind, height, escape(told), drawn);
  }

  static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f%%", 100 * share);
  }

  /** Escapes the text of an element or an attribute. */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
