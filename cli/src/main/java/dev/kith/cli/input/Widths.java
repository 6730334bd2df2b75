package dev.kith.cli.input;

import java.util.List;
import java.util.stream.IntStream;

/** Widths of beams, and numbers of lists, that a curve of recall is measured at. */
public final class Widths {
  /** Widths as multiples of a tenth of the least one. */
  private static final List<Integer> TENTHS =
      List.of(10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480);

  private static final int LEAST = 10;

  private Widths() {}

  /**
   * Ladder of widths: from the least sensible one to 48 times that, each about half as much again
   * as the one before.
   *
   * @param k neighbours, below which no width makes sense
   * @param rows number of rows, above which none does
   */
  public static List<Integer> ladder(int k, long rows) {
    long least = Math.max(k, LEAST);
    var widths =
        TENTHS.stream()
            .map(tenths -> tenths * least / 10)
            .filter(width -> width <= rows)
            .map(Math::toIntExact)
            .toList();
    return widths.isEmpty() ? List.of(Math.toIntExact(least)) : widths;
  }

  /**
   * Ladder of numbers of inverted lists to read: each twice the one before, up to half of the
   * lists.
   *
   * @param lists number of lists that there are
   */
  public static List<Integer> probes(int lists) {
    return IntStream.iterate(1, probes -> probes == 1 || probes <= lists / 2, probes -> 2 * probes)
        .boxed()
        .toList();
  }
}
