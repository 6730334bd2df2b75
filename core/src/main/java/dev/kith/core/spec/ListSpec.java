package dev.kith.core.spec;

import java.util.ArrayList;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Inverted lists: rows in cells about centres, of which a search reads the nearest. Answers are
 * approximate unless the exact answer is asked for. Text form {@code ivf}, or with any of {@code
 * ivf(lists=4096,codes=int8,refine=rows,seed=1)}.
 *
 * <p>One list of everything, by codes other than {@code int8}, is a sweep: all codes are read, and
 * nothing is probed. Its text form is {@code flat(shadow=bits1)}.
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
  static final String FORM = "ivf(lists=4096,codes=%s,refine=rows,seed=1)".formatted(Codes.FORMS);

  /** Lists for each unit of the square root of the rows' number, where none is given. */
  private static final int USUAL = 4;

  /** The same for codes that cost less to read than centres do: fewer and longer lists. */
  private static final int USUAL_OF_BLOCKS = 1;

  /** Rows of a list, on the average and at least, where no number of lists is given. */
  private static final int LEAST_ROWS = 16;

  /** Rows of a stretch, in which a sweep's rows are stored one after another. */
  private static final int STRETCH = 4096;

  /** Checks the number of lists and the seed. */
  public ListSpec {
    if (lists < 0 || lists > MOST || seed < 1) {
      throw new IllegalArgumentException(
          "there are 1 to %d lists, or 0 for a number that suits, and the seed is at least 1: lists=%d, seed=%d"
              .formatted(MOST, lists, seed));
    }
  }

  @Override
  public void requireFits(int dimension) {
    if (codes.parts > dimension) {
      throw new IllegalArgumentException(
          "product codes have at most one part an element: %s, parts=%d, dimension=%d; ask for fewer parts"
              .formatted(this, codes.parts, dimension));
    }
  }

  /**
   * What a search reads of the rows of a list.
   *
   * @param bits an element, or a part
   * @param parts of product codes; 0 for codes of each element
   * @param fitted whether a rotation is fitted to the rows before they are divided into parts
   */
  public record Codes(int bits, int parts, boolean fitted) {
    /** Eight bits an element, with bounds that are certain. */
    public static final Codes INT8 = new Codes(0, 0, false);

    /** Text forms of all kinds. */
    static final String FORMS = "int8|bits1..bits8|pq48x4|pq48x8|opq48x4|opq48x8";

    private static final Pattern BITS = Pattern.compile("bits([1-8])");
    private static final Pattern PRODUCT = Pattern.compile("(o?)pq([1-9][0-9]{0,4})x([48])");

    /** Checks the numbers. */
    public Codes {
      boolean right =
          parts == 0 ? bits >= 0 && bits <= 8 && !fitted : parts > 0 && (bits == 4 || bits == 8);
      if (!right) {
        throw new IllegalArgumentException(
            "codes of lists have 1 to 8 bits an element, or 4 or 8 bits a part: bits=%d, parts=%d, fitted=%s"
                .formatted(bits, parts, fitted));
      }
    }

    /** Random rotations of rows, in {@code bits} bits an element, 1 to 8. */
    public static Codes rotated(int bits) {
      return new Codes(Math.max(bits, 1), 0, false);
    }

    /** Reads a text form, or returns null for another text. */
    static @Nullable Codes find(String text) {
      if (text.equals("int8")) {
        return INT8;
      }
      var rotated = BITS.matcher(text);
      if (rotated.matches()) {
        return rotated(Integer.parseInt(rotated.group(1)));
      }
      var product = PRODUCT.matcher(text);
      return product.matches()
          ? new Codes(
              Integer.parseInt(product.group(3)),
              Integer.parseInt(product.group(2)),
              !product.group(1).isEmpty())
          : null;
    }

    private static Codes read(String text) {
      var found = find(text);
      if (found == null) {
        throw new IllegalArgumentException("codes must be one of %s: %s".formatted(FORMS, text));
      }
      return found;
    }

    /** Whether they are the int8 codes of the flat index. */
    public boolean panels() {
      return bits == 0;
    }

    @Override
    public String toString() {
      return bits == 0
          ? "int8"
          : parts == 0 ? "bits" + bits : "%spq%dx%d".formatted(fitted ? "o" : "", parts, bits);
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
    var codes = text.value("codes", Codes::read);
    return new ListSpec(
        (int) text.number("lists", DEFAULT.lists, 1, MOST),
        codes == null ? DEFAULT.codes : codes,
        text.choice("refine", DEFAULT.refine, Refine.values()),
        text.number("seed", DEFAULT.seed, 1, Long.MAX_VALUE));
  }

  /** The sweep that a flat index with this shadow is, or null if the shadow is another. */
  static @Nullable ListSpec sweep(SpecText text) {
    var codes = text.value("shadow", Codes::find);
    return codes == null || codes.panels()
        ? null
        : new ListSpec(
            1, codes, DEFAULT.refine, text.number("seed", DEFAULT.seed, 1, Long.MAX_VALUE));
  }

  /** Whether all codes are read, one list being everything. */
  public boolean sweeps() {
    return lists == 1 && !codes.panels();
  }

  /** Most lists of an index of {@code rows} rows; fewer where a list would be empty. */
  public int listsFor(long rows) {
    if (sweeps()) {
      return (int) ((rows + STRETCH - 1) / STRETCH);
    }
    long wanted =
        lists > 0
            ? lists
            : Math.min(
                Math.round((codes.panels() ? USUAL : USUAL_OF_BLOCKS) * Math.sqrt((double) rows)),
                Math.max(rows / LEAST_ROWS, 1));
    return (int) Math.min(wanted, Math.min(rows, MOST));
  }

  @Override
  public boolean exact() {
    return false;
  }

  @Override
  public String toString() {
    var pairs = new ArrayList<String>();
    if (sweeps() && refine == DEFAULT.refine) {
      return "flat(shadow=%s%s)".formatted(codes, seed == DEFAULT.seed ? "" : ",seed=" + seed);
    }
    if (lists != DEFAULT.lists) {
      pairs.add("lists=" + lists);
    }
    if (!codes.equals(DEFAULT.codes)) {
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
