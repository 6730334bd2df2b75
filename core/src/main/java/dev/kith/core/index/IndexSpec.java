package dev.kith.core.index;

import dev.kith.core.quant.Quantizer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What kind of index, with its parameters; each has a text form that {@link #parse} reads: a name,
 * then {@code key=value} pairs in parentheses if there are any.
 */
public sealed interface IndexSpec {

  /**
   * Every row is scanned; answers are exact. Text form {@code flat}, or {@code flat(shadow=int8)}.
   *
   * @param shadow a smaller copy of the rows that is scanned first, or null
   */
  record Flat(@Nullable Quantizer shadow) implements IndexSpec {
    @Override
    public String toString() {
      return shadow == null ? "flat" : "flat(shadow=%s)".formatted(shadow.name());
    }
  }

  /** Reads the text form of an index. */
  static IndexSpec parse(String text) {
    if (text.equals("flat")) {
      return new Flat(null);
    }
    var withShadow = Pattern.compile("flat\\(shadow=([^,()]*)\\)").matcher(text);
    if (withShadow.matches()) {
      return new Flat(Quantizer.named(withShadow.group(1)));
    }
    throw new IllegalArgumentException(
        "no such index: %s; known are flat and flat(shadow=int8|fp16|bf16)".formatted(text));
  }
}
