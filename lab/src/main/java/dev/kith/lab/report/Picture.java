package dev.kith.lab.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kith.core.vector.WholeFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A drawing that stands alone: one SVG file, with its colours for a light and a dark page, without
 * scripts or other files, so that a browser, Markdown on GitHub, and an {@code img} show it. The
 * same input gives the same bytes.
 *
 * @param name name of its file, without the ending
 * @param title what it shows, in a few words
 * @param about description in sentences, for readers who cannot see it
 * @param height height in units, of which its width has {@link #WIDTH}
 * @param drawn SVG elements, within margins of {@link #MARGIN}
 */
public record Picture(String name, String title, String about, int height, String drawn) {
  /**
   * Width in units, small enough that text of 12 units can be read where a phone shows all of it.
   */
  static final int WIDTH = 420;

  static final int MARGIN = 16;

  /** Width in units between the margins. */
  static final int INNER = WIDTH - 2 * MARGIN;

  /** Pixels a unit, where there is room. */
  private static final double SCALE = 1.3;

  /** Text of the file. */
  public String svg() {
    return """
    <svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %d %d" role="img" aria-labelledby="title about">
    <title id="title">%s</title>
    <desc id="about">%s</desc>
    <style>
    %s</style>
    <rect class="paper" width="%d" height="%d" rx="6"/>
    %s</svg>
    """
        .formatted(
            WIDTH * SCALE,
            height * SCALE,
            WIDTH,
            height,
            Svg.escape(title),
            Svg.escape(about),
            ReportPage.resource("picture.css"),
            WIDTH,
            height,
            drawn);
  }

  /**
   * Writes {@code NAME.svg}, or overwrites it; completely or not at all.
   *
   * @param folder which is there
   * @return the file
   */
  public Path write(Path folder) throws IOException {
    return writeTo(folder.resolve(name + ".svg"));
  }

  /** Writes the picture to a file of any name. */
  public Path writeTo(Path file) throws IOException {
    try (var out = new WholeFile(file)) {
      out.append(MemorySegment.ofArray(svg().getBytes(UTF_8)));
      out.commit();
    }
    return file;
  }

  /** Sheet that puts lines of text and drawings one below the other. */
  static final class Sheet {
    /** Width of a letter of small text, on average and rounded up. */
    private static final double LETTER = 6.3;

    private static final int SWATCH = 10;

    private final StringBuilder drawn = new StringBuilder();
    private int y = MARGIN;

    Sheet space(int height) {
      y += height;
      return this;
    }

    Sheet heading(String text) {
      return text("head", text, 20);
    }

    /** Adds small text, broken where it is too long for one line. */
    Sheet small(String text) {
      int most = (int) (INNER / LETTER);
      var line = new StringBuilder();
      for (String word : text.split(" ", -1)) {
        if (!line.isEmpty() && line.length() + 1 + word.length() > most) {
          text("small", line.toString(), 16);
          line.setLength(0);
        }
        line.append(line.isEmpty() ? "" : " ").append(word);
      }
      return text("small", line.toString(), 16);
    }

    /** Adds a name to the left, its figure to the right. */
    Sheet named(String name, String figure) {
      drawn.append(
          "<text class=\"figure\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n"
              .formatted(WIDTH - MARGIN, y + 14, Svg.escape(figure)));
      return text("name", name, 19);
    }

    private Sheet text(String kind, String text, int height) {
      drawn.append(
          "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n"
              .formatted(kind, MARGIN, y + height - 5, Svg.escape(text)));
      y += height;
      return this;
    }

    /** Adds elements whose lengths across are shares, as {@link Svg} makes them. */
    Sheet draw(int height, String elements) {
      drawn.append(
          "<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\">%s</svg>\n"
              .formatted(MARGIN, y, INNER, height, elements));
      y += height;
      return this;
    }

    /** Adds a legend of colours: kinds of bars and their names, in turn. */
    Sheet legend(String... kindsAndNames) {
      double x = MARGIN;
      for (int i = 0; i < kindsAndNames.length; i += 2) {
        String name = kindsAndNames[i + 1];
        double width = SWATCH + 5 + name.length() * LETTER + 16;
        if (x > MARGIN && x + width > WIDTH) {
          x = MARGIN;
          y += 16;
        }
        drawn.append(
            "<rect class=\"%s\" x=\"%.0f\" y=\"%d\" width=\"%d\" height=\"%d\"/><text class=\"small\" x=\"%.0f\" y=\"%d\">%s</text>\n"
                .formatted(
                    kindsAndNames[i],
                    x,
                    y + 2,
                    SWATCH,
                    SWATCH,
                    x + SWATCH + 5,
                    y + 11,
                    Svg.escape(name)));
        x += width;
      }
      return space(16);
    }

    Picture picture(String name, String title, String about) {
      return new Picture(name, title, about, y + MARGIN, drawn.toString());
    }
  }
}
