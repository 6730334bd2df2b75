package dev.kith.core.graph;

/** Neighbours of rows, as walks read them. Safe for many threads. */
interface Links {
  /** Number of rows; every neighbour is below it. */
  int size();

  /** Most neighbours of a row. */
  int degree();

  /**
   * Copies the neighbours of {@code row}.
   *
   * @param into {@code [>= degree]}
   * @return number of neighbours
   */
  int neighbours(int row, int[] into);
}
