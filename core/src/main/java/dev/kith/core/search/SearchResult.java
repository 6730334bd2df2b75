package dev.kith.core.search;

import java.util.List;

/**
 * The answer to a batch.
 *
 * @param neighbors one list a query, in the queries' order
 * @param report what served it
 */
public record SearchResult(List<Neighbors> neighbors, SearchReport report) {
  /** Copies the list. */
  public SearchResult {
    neighbors = List.copyOf(neighbors);
  }
}
