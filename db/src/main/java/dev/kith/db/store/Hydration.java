package dev.kith.db.store;

import dev.kith.db.format.SegmentVectors;
import dev.kith.db.point.Payload;
import dev.kith.db.query.Hit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.apache.lucene.index.BinaryDocValues;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.StoredFields;
import org.jspecify.annotations.Nullable;

/**
 * Candidates that became hits get what was asked for with them. Each segment's readers are made
 * once, and go forward.
 */
public final class Hydration {
  private Hydration() {}

  /** What one segment is read with. */
  private static final class Segment {
    final LeafReaderContext leaf;
    final BinaryDocValues ids;
    final @Nullable StoredFields payloads;
    final Map<String, SegmentVectors> vectors = new HashMap<>();

    Segment(LeafReaderContext leaf, boolean payload, Set<String> names) throws IOException {
      LeafReader reader = leaf.reader();
      this.leaf = leaf;
      this.ids = Documents.ids(reader);
      this.payloads = payload ? reader.storedFields() : null;
      for (var name : names) {
        var rows = SegmentVectors.of(reader, Documents.vectorField(name));
        if (rows != null) {
          vectors.put(name, rows);
        }
      }
    }

    Hit hit(Candidate candidate, double score) throws IOException {
      int document = candidate.document();
      candidate.readId(ids);
      Payload payload = payloads == null ? null : Documents.payload(payloads, document);
      var found = new HashMap<String, float[]>();
      for (var named : vectors.entrySet()) {
        int row = named.getValue().row(document);
        if (row >= 0) {
          found.put(named.getKey(), named.getValue().rows().row(row));
        }
      }
      return new Hit(candidate.id(), score, payload, found);
    }
  }

  /**
   * Hits in the order of their candidates.
   *
   * @param payload whether they bring it
   * @param vectors the names of those that they bring
   */
  public static List<Hit> hits(
      List<Candidate> candidates,
      ToDoubleFunction<Candidate> score,
      boolean payload,
      Set<String> vectors)
      throws IOException {
    var order = new Integer[candidates.size()];
    Arrays.setAll(order, i -> i);
    Arrays.sort(
        order,
        Comparator.<Integer>comparingInt(i -> candidates.get(i).leaf().ord)
            .thenComparingInt(i -> candidates.get(i).document()));
    var hits = new Hit[order.length];
    Segment segment = null;
    for (int i : order) {
      var candidate = candidates.get(i);
      if (segment == null || segment.leaf.ord != candidate.leaf().ord) {
        segment = new Segment(candidate.leaf(), payload, vectors);
      }
      hits[i] = segment.hit(candidate, score.applyAsDouble(candidate));
    }
    return new ArrayList<>(Arrays.asList(hits));
  }

  /** A point's vector of that name, or null. */
  public static float @Nullable [] vector(Candidate candidate, String name) throws IOException {
    return Documents.vectors(candidate.leaf().reader(), candidate.document(), List.of(name))
        .get(name);
  }
}
