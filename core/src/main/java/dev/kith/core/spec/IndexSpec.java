package dev.kith.core.spec;

import dev.kith.core.quant.Quantizer;
import org.jspecify.annotations.Nullable;

/**
 * Kind of an index with its parameters. Each kind is a record that holds its defaults, and has a
 * text form that {@link #parse} reads: a name, then {@code key=value} pairs in parentheses if any
 * differ from the defaults.
 */
public interface IndexSpec {

  /** Whether answers are exact whatever the effort. */
  boolean exact();

  /**
   * Checks that rows of {@code dimension} elements can have such an index; most can.
   *
   * @throws IllegalArgumentException if they cannot
   */
  default void requireFits(int dimension) {}

  /** The index that such a number of rows gets: this, unless the choice was left open. */
  default IndexSpec chosenFor(long rows) {
    return this;
  }

  /**
   * Index that scans every row; its answers are exact. Text form {@code flat}, or {@code
   * flat(shadow=int8)}.
   *
   * @param shadow a smaller copy of the rows that is scanned first, or null
   */
  record Flat(@Nullable Quantizer shadow) implements IndexSpec {
    /** Text form with every parameter. */
    static final String FORM = "flat(shadow=int8|fp16|bf16|bits1..bits8|pq48x4)";

    @Override
    public boolean exact() {
      return true;
    }

    private static Quantizer named(String name) {
      return Quantizer.ALL.stream()
          .filter(quantizer -> quantizer.name().equals(name))
          .findFirst()
          .orElseThrow(
              () ->
                  new IllegalArgumentException(
                      "no such shadow: %s; known are int8, fp16, bf16, bits1 to bits8, pq48x4 and such"
                          .formatted(name)));
    }

    private static Flat of(SpecText text) {
      return new Flat(text.value("shadow", Flat::named));
    }

    @Override
    public String toString() {
      return shadow == null ? "flat" : "flat(shadow=%s)".formatted(shadow.name());
    }
  }

  private static IndexSpec flat(SpecText text) {
    var sweep = ListSpec.sweep(text);
    return sweep == null ? Flat.of(text) : sweep;
  }

  /**
   * Reads the text form of an index.
   *
   * @throws IllegalArgumentException naming the column, what was found there and what is known
   */
  static IndexSpec parse(String text) {
    var parsed = SpecText.parse(text);
    var spec =
        switch (parsed.name()) {
          case "auto" -> AutoSpec.of(parsed);
          case "flat" -> flat(parsed);
          case "graph" -> GraphSpec.Graph.of(parsed);
          case "hnsw" -> GraphSpec.Hnsw.of(parsed);
          case "vamana" -> GraphSpec.Vamana.of(parsed);
          case "ivf" -> ListSpec.of(parsed);
          default ->
              throw parsed.unknownName(
                  String.join(
                      ", ",
                      "flat",
                      Flat.FORM,
                      GraphSpec.Graph.FORM,
                      GraphSpec.Hnsw.FORM,
                      GraphSpec.Vamana.FORM,
                      ListSpec.FORM,
                      AutoSpec.FORM));
        };
    parsed.requireAllRead();
    return spec;
  }
}
