package dev.kith.core.search;

import java.util.List;

/**
 * Answers to a batch of queries, with their report.
 *
 * @param neighbors one list a query, in the order of the queries
 * @param report report on the search
 */
public record SearchResult(List<Neighbors> neighbors, SearchReport report) {
  /** Copies the list. */
  public SearchResult {
    neighbors = List.copyOf(neighbors);
  }
}
