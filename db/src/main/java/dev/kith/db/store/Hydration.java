package dev.kith.db.store;

import dev.kith.db.query.Hit;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Candidates that became hits get what was asked for with them. */
public final class Hydration {
  private Hydration() {}

  /** A hit with its payload, perhaps, and some vectors. */
  public static Hit hit(Candidate candidate, double score, boolean payload, Set<String> vectors)
      throws IOException {
    var leaf = candidate.leaf().reader();
    int document = candidate.document();
    return new Hit(
        candidate.id(),
        score,
        payload ? Documents.payload(leaf, document) : null,
        Documents.vectors(leaf, document, vectors));
  }

  /** A point's vector of that name, or null. */
  public static float @Nullable [] vector(Candidate candidate, String name) throws IOException {
    return Documents.vectors(candidate.leaf().reader(), candidate.document(), List.of(name))
        .get(name);
  }
}
