package dev.kith.db.run;

import dev.kith.db.query.QueryReport;
import java.util.List;

/**
 * What a ranker found.
 *
 * @param best in the order of {@link Ranked}
 * @param report what served it, and what that cost
 */
public record Found(List<Ranked> best, QueryReport report) {
  /** Copies the list. */
  public Found {
    best = List.copyOf(best);
  }
}
