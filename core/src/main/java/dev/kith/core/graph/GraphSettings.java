package dev.kith.core.graph;

import dev.kith.core.spec.GraphSpec;

/**
 * Parameters of a build.
 *
 * @param degree most neighbours of a row
 * @param width of the walks that find candidates, {@code efConstruction} elsewhere
 * @param alpha factor of squared distances in pruning, at least 1
 * @param passes times that every row is inserted
 * @param seed of the order of insertion
 */
record GraphSettings(int degree, int width, float alpha, int passes, long seed) {
  /** Parameters that a spec names. */
  static GraphSettings of(GraphSpec spec) {
    return new GraphSettings(
        spec.degree(), spec.width(), (float) spec.alpha(), spec.passes(), spec.seed());
  }
}
