package dev.kith.db.query;

import java.util.List;
import java.util.stream.Stream;

/**
 * The answer to a query.
 *
 * @param hits best first, ties by smaller id
 * @param report what served it
 */
public record QueryResult(List<Hit> hits, QueryReport report) {
  /** Copies the list. */
  public QueryResult {
    hits = List.copyOf(hits);
  }

  /** The hits, best first. */
  public Stream<Hit> stream() {
    return hits.stream();
  }
}
