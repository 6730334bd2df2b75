package dev.kith.core.graph;

/**
 * Parameters of a build.
 *
 * @param degree most neighbours of a row
 * @param chosen most neighbours that a row chooses when it is inserted; others are links back
 * @param width of the walks that find candidates, {@code efConstruction} elsewhere
 * @param alpha factor of squared distances in pruning, at least 1
 * @param passes times that every row is inserted
 * @param seed of the order of insertion
 */
record GraphSettings(int degree, int chosen, int width, float alpha, int passes, long seed) {}
