package dev.kith.core.index;

/** What kind of index, with its parameters; each has a text form that {@link #parse} reads. */
public sealed interface IndexSpec {

  /** Every row is scanned; answers are exact. Text form {@code flat}. */
  record Flat() implements IndexSpec {
    @Override
    public String toString() {
      return "flat";
    }
  }

  /** Reads the text form of an index. */
  static IndexSpec parse(String text) {
    if (text.equals("flat")) {
      return new Flat();
    }
    throw new IllegalArgumentException("no such index: %s; known is flat".formatted(text));
  }
}
