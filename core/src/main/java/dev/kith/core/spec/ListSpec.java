package dev.kith.core.spec;

import java.util.ArrayList;
import java.util.Locale;

/**
 * Inverted lists: rows in cells about centres, of which a search reads the nearest. Answers are
 * approximate unless the exact answer is asked for. Text form {@code ivf}, or with any of {@code
 * ivf(lists=4096,codes=int8,refine=rows,seed=1)}.
 *
 * @param lists number of lists, or 0 for a number that suits that of the rows; there are never more
 *     lists than rows
 * @param codes what a search reads of the rows of a list
 * @param refine what the best rows are scored by
 * @param seed of everything that is random; the same gives the same lists on any number of threads
 */
public record ListSpec(int lists, Codes codes, Refine refine, long seed) implements IndexSpec {
  /** The parameters of {@code ivf}. */
  public static final ListSpec DEFAULT = new ListSpec(0, Codes.INT8, Refine.ROWS, 1);

  /** Most lists that can be asked for. */
  public static final int MOST = 1 << 20;

  /** Text form with every parameter. */
  static final String FORM = "ivf(lists=4096,codes=int8,refine=rows,seed=1)";

  /** Lists for each unit of the square root of the rows' number, where none is given. */
  private static final int USUAL = 4;

  /** Rows of a list, on the average and at least, where no number of lists is given. */
  private static final int LEAST_ROWS = 16;

  /** Checks the number of lists and the seed. */
  public ListSpec {
    if (lists < 0 || lists > MOST || seed < 1) {
      throw new IllegalArgumentException(
          "there are 1 to %d lists, or 0 for a number that suits, and the seed is at least 1: lists=%d, seed=%d"
              .formatted(MOST, lists, seed));
    }
  }

  /** What a search reads of the rows of a list. */
  public enum Codes {
    /** Eight bits an element, with bounds that are certain. */
    INT8;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What the best rows are scored by. */
  public enum Refine {
    /** The rows themselves, by canonical keys. */
    ROWS;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static ListSpec of(SpecText text) {
    return new ListSpec(
        (int) text.number("lists", DEFAULT.lists, 1, MOST),
        text.choice("codes", DEFAULT.codes, Codes.values()),
        text.choice("refine", DEFAULT.refine, Refine.values()),
        text.number("seed", DEFAULT.seed, 1, Long.MAX_VALUE));
  }

  /** Most lists of an index of {@code rows} rows; fewer where a list would be empty. */
  public int listsFor(long rows) {
    long wanted =
        lists > 0
            ? lists
            : Math.min(
                Math.round(USUAL * Math.sqrt((double) rows)), Math.max(rows / LEAST_ROWS, 1));
    return (int) Math.min(wanted, Math.min(rows, MOST));
  }

  @Override
  public boolean exact() {
    return false;
  }

  @Override
  public String toString() {
    var pairs = new ArrayList<String>();
    if (lists != DEFAULT.lists) {
      pairs.add("lists=" + lists);
    }
    if (codes != DEFAULT.codes) {
      pairs.add("codes=" + codes);
    }
    if (refine != DEFAULT.refine) {
      pairs.add("refine=" + refine);
    }
    if (seed != DEFAULT.seed) {
      pairs.add("seed=" + seed);
    }
    return pairs.isEmpty() ? "ivf" : "ivf(" + String.join(",", pairs) + ")";
  }
}
