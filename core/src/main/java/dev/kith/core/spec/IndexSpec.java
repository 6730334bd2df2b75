package dev.kith.core.spec;

import dev.kith.core.quant.Quantizer;
import org.jspecify.annotations.Nullable;

/**
 * What kind of index, with its parameters. Each kind is a record that holds its defaults, and has a
 * text form that {@link #parse} reads: a name, then {@code key=value} pairs in parentheses if any
 * differ from the defaults.
 */
public interface IndexSpec {

  /** Whether an answer is exact whatever the effort. */
  boolean exact();

  /**
   * Every row is scanned; answers are exact. Text form {@code flat}, or {@code flat(shadow=int8)}.
   *
   * @param shadow a smaller copy of the rows that is scanned first, or null
   */
  record Flat(@Nullable Quantizer shadow) implements IndexSpec {
    /** How the parameters are written. */
    static final String FORM = "flat(shadow=int8|fp16|bf16)";

    @Override
    public boolean exact() {
      return true;
    }

    private static Flat of(SpecText text) {
      return new Flat(text.value("shadow", null, Quantizer::named));
    }

    @Override
    public String toString() {
      return shadow == null ? "flat" : "flat(shadow=%s)".formatted(shadow.name());
    }
  }

  /**
   * Reads the text form of an index.
   *
   * @throws IllegalArgumentException that says at which column it found what, and what is known
   */
  static IndexSpec parse(String text) {
    var parsed = SpecText.parse(text);
    var spec =
        switch (parsed.name()) {
          case "flat" -> Flat.of(parsed);
          default -> throw parsed.unknownName("flat and " + Flat.FORM);
        };
    parsed.requireAllRead();
    return spec;
  }
}
