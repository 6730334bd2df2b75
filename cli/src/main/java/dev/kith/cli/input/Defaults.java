package dev.kith.cli.input;

import java.util.List;

/**
 * What commands take where nothing is said; one set for all. Vectors are those of the default text
 * model, so that a collection made without options takes its texts.
 */
public final class Defaults {
  /** Elements of a vector. */
  public static final String DIMENSION = "384";

  /** What is near. */
  public static final String METRIC = "cosine";

  /** Synthetic rows of a measurement that takes seconds. */
  static final long ROWS = 20_000;

  /** Indexes that a measurement compares: the rows themselves, and what collections are made of. */
  public static final List<String> INDEXES = List.of("flat", "flat(shadow=int8)");

  private Defaults() {}
}
