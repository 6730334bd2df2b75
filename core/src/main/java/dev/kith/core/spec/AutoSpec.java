package dev.kith.core.spec;

import dev.kith.core.quant.Quantizer;

/**
 * Index that is chosen by the number of rows: fewer than {@link #INDEX_ROWS} are scanned by the
 * help of an int8 shadow, and their answers are exact; more get a {@code graph}, which chooses the
 * bits of its codes by what a sample of the rows loses. Text form {@code auto(recall=0.99)}; {@code
 * auto} is the same.
 *
 * <p>Lists are not chosen, since nothing measured says where they cost less (decision 0033).
 *
 * @param recall share of the exact answer that searches find on average which ask for nothing else,
 *     above 0 and at most 1
 */
public record AutoSpec(double recall) implements IndexSpec {
  /** The recall of {@code auto}. */
  public static final AutoSpec DEFAULT = new AutoSpec(0.99);

  /** The fewest rows that get a graph; a scan of fewer takes about as long as a walk. */
  public static final int INDEX_ROWS = 10_000;

  /** Text form with every parameter. */
  static final String FORM = "auto(recall=0.99)";

  /** Checks the recall. */
  public AutoSpec {
    if (!(recall > 0 && recall <= 1)) {
      throw new IllegalArgumentException("recall must be above 0 and at most 1: " + recall);
    }
  }

  static AutoSpec of(SpecText text) {
    var recall =
        text.value(
            "recall",
            digits -> {
              try {
                return new AutoSpec(Double.parseDouble(digits));
              } catch (NumberFormatException e) {
                throw new IllegalArgumentException(
                    "recall must be above 0 and at most 1: " + digits, e);
              }
            });
    return recall == null ? DEFAULT : recall;
  }

  @Override
  public boolean exact() {
    return false;
  }

  @Override
  public IndexSpec chosenFor(long rows) {
    return rows < INDEX_ROWS ? new Flat(Quantizer.INT8) : GraphSpec.Graph.DEFAULT;
  }

  /** The text form, with the recall in any case: it is what a collection promises. */
  @Override
  public String toString() {
    return "auto(recall=%s)".formatted(recall);
  }
}
