package dev.kith.cli.console;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Table of text for readers: a heading, and rows whose columns stand below each other. */
public final class Table {
  private static final Pattern NUMBER = Pattern.compile("[\\d,.]+( ([kMGT]?B|%))?|-");
  private static final String GAP = "  ";
  private static final String[] UNITS = {"kB", "MB", "GB", "TB"};
  private static final int SHOWN = 160;

  private final List<List<String>> rows = new ArrayList<>();

  /** Starts a table with the names of its columns. */
  public Table(String... columns) {
    rows.add(List.of(columns));
  }

  /** Appends a row of one cell a column; numbers are whole. */
  public void row(Object... cells) {
    var row = new ArrayList<String>();
    for (var cell : cells) {
      row.add(cell instanceof Number number ? count(number.longValue()) : cell.toString());
    }
    rows.add(row);
  }

  /** Prints all rows; columns of numbers stand at the right. */
  public void print(PrintWriter out) {
    int columns = rows.getFirst().size();
    var widths = new int[columns];
    var right = new boolean[columns];
    for (int c = 0; c < columns; c++) {
      int column = c;
      widths[c] = rows.stream().mapToInt(row -> width(row.get(column))).max().orElse(0);
      right[c] =
          rows.size() > 1
              && rows.stream().skip(1).allMatch(row -> NUMBER.matcher(row.get(column)).matches());
    }
    for (var row : rows) {
      var line = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        String blank = " ".repeat(widths[c] - width(row.get(c)));
        line.append(c == 0 ? "" : GAP);
        line.append(right[c] ? blank + row.get(c) : row.get(c) + blank);
      }
      out.println(line.toString().stripTrailing());
    }
    out.flush();
  }

  private static int width(String text) {
    return text.codePointCount(0, text.length());
  }

  /** Text of a count, with commas between the thousands. */
  public static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** Text of a number of bytes with its unit, such as {@code 10.7 MB}; a kB has 1,000 bytes. */
  public static String bytes(long bytes) {
    if (bytes < 1000) {
      return bytes + " B";
    }
    double value = bytes / 1000.0;
    int unit = 0;
    for (; value >= 999.95 && unit < UNITS.length - 1; unit++) {
      value /= 1000;
    }
    return String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
  }

  /**
   * Shortens a text to one line of 160 characters; characters that could move a terminal's cursor
   * become blanks.
   */
  public static String shorten(String text) {
    String line = text.replaceAll("[\\p{Cntrl}\\s]+", " ");
    return line.codePointCount(0, line.length()) <= SHOWN
        ? line
        : line.substring(0, line.offsetByCodePoints(0, SHOWN - 3)) + "...";
  }
}
