package dev.kith.cli.console;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Progress of a long task, on standard error: a bar that is redrawn where that is a terminal (the
 * launcher says so in {@code kith.terminal}), else a line every ten seconds, or nothing at all.
 */
public final class Progress implements LongConsumer {
  private static final int WIDTH = 30;
  private static final double NANOS = 1e9;

  /** Style in which progress is shown. */
  enum Style {
    /** A bar, redrawn ten times a second. */
    BAR,
    /** A line every ten seconds. */
    LINES,
    /** Shows nothing. */
    SILENT;

    static Style of(boolean silent) {
      return silent ? SILENT : Boolean.getBoolean("kith.terminal") ? BAR : LINES;
    }
  }

  private final PrintWriter err;
  private final String task;
  private final String unit;
  private final long total;
  private final Style style;
  private final LongSupplier clock;
  private final long start;
  private long lastShown;
  private int lastWidth;
  private long done;
  private double seconds;
  private boolean ended;

  /**
   * Starts the clock.
   *
   * @param task name of the task, such as {@code embedding}
   * @param unit name of what is counted, such as {@code texts}
   * @param total number of units in all
   */
  public Progress(PrintWriter err, String task, String unit, long total, boolean silent) {
    this(err, task, unit, total, Style.of(silent), System::nanoTime);
  }

  Progress(PrintWriter err, String task, String unit, long total, Style style, LongSupplier clock) {
    this.err = err;
    this.task = task;
    this.unit = unit;
    this.total = total;
    this.style = style;
    this.clock = clock;
    this.start = clock.getAsLong();
    this.lastShown = start;
  }

  @Override
  public synchronized void accept(long count) {
    done = count;
    long now = clock.getAsLong();
    double since = (now - lastShown) / NANOS;
    boolean due =
        switch (style) {
          case BAR -> since >= 0.1 || done == total;
          case LINES -> since >= 10;
          case SILENT -> false;
        };
    if (due && !ended) {
      lastShown = now;
      show((now - start) / NANOS);
    }
  }

  private void show(double elapsed) {
    double rate = done / Math.max(elapsed, 1e-9);
    String left = done == 0 ? "?" : time((total - done) / rate);
    String text =
        String.format(
            Locale.ROOT,
            rate < 10 ? "%s %d/%d %s, %.1f/s, %s left" : "%s %d/%d %s, %.0f/s, %s left",
            task,
            done,
            total,
            unit,
            rate,
            left);
    if (style == Style.BAR) {
      int filled = (int) (total == 0 ? WIDTH : WIDTH * done / total);
      String rest = " ".repeat(Math.max(lastWidth - text.length(), 0)); // covers a longer line
      lastWidth = text.length();
      Screen.startLineAgain(err);
      err.print("[" + "#".repeat(filled) + " ".repeat(WIDTH - filled) + "] " + text + rest);
    } else {
      err.println(text);
    }
    err.flush();
  }

  private static String time(double seconds) {
    long whole = Math.round(seconds);
    return whole < 60
        ? whole + " s"
        : String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60);
  }

  /** Runs the task, ends the bar's line, and stops the clock. */
  public <T> T watch(Supplier<T> work) {
    try {
      return work.get();
    } finally {
      end();
    }
  }

  /** Ends the display: units still under way, after a failure, show nothing from now on. */
  private synchronized void end() {
    ended = true;
    seconds = (clock.getAsLong() - start) / NANOS;
    if (lastWidth > 0) {
      err.println();
      err.flush();
    }
  }

  /** Rate of the watched work, in units a second. */
  public double rate() {
    return done / Math.max(seconds, 1e-9);
  }
}
