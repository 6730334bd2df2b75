package dev.kith.db.run;

import dev.kith.db.query.Query;
import java.util.Set;

/**
 * What hits bring of their points.
 *
 * @param payload whether they bring their payload
 * @param paths to what they bring of it; none for all
 * @param vectors names of the vectors that they bring
 */
public record Contents(boolean payload, Set<String> paths, Set<String> vectors) {
  /** What a query asks for. */
  static Contents of(Query query) {
    return new Contents(query.withPayload(), query.payloadPaths(), query.withVectors());
  }
}
