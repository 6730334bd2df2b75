package dev.kith.core.graph;

import dev.kith.core.quant.Scorers;

/** Where walks begin. Immutable; safe for many threads, of which each has a {@link Finder}. */
sealed interface Entry permits Pivots, Descent {

  /** Finder of the rows from which to walk towards the query of {@code scorer}. */
  Finder finder(Scorers.Scorer scorer);

  /** Search for seeds, of one thread. */
  interface Finder {
    /** Finds seeds for the scorer's query; good until the next call. */
    int[] find();

    /** Number of seeds that were found last. */
    int found();

    /** Rows estimated since the finder was made. */
    long estimated();
  }
}
