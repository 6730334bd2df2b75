package dev.kith.core.graph;

/** Follows a walk from hop to hop, and may end it. Belongs to one thread. */
interface Watch {
  /**
   * Called before each hop, before the first one and after the last.
   *
   * @param pool what the walk knows
   * @param offset what makes estimates of the pool squared distances
   * @param hops rows expanded by this walk
   * @param estimated rows estimated by this walk
   * @return whether the walk ends here
   */
  boolean stops(Pool pool, float offset, long hops, long estimated);
}
