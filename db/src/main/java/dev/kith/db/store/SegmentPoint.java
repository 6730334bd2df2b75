package dev.kith.db.store;

import dev.kith.db.point.PointId;
import dev.kith.db.run.Ranked;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import org.apache.lucene.index.BinaryDocValues;
import org.apache.lucene.index.LeafReaderContext;
import org.jspecify.annotations.Nullable;

/**
 * Point of a segment, which was found there. Ordered by key, then by id; the id is read when a tie,
 * or somebody, asks for it. It is also the place where the point of a {@link Ranked} is found
 * again. Not safe for many threads.
 */
final class SegmentPoint implements Comparable<SegmentPoint>, Ranked.Place {
  private final double key;
  private final LeafReaderContext leaf;
  private final int document;
  private byte @Nullable [] id;

  /**
   * Creates the point of a document.
   *
   * @param key smaller is better
   * @param document within the leaf
   */
  SegmentPoint(double key, LeafReaderContext leaf, int document) {
    this.key = key;
    this.leaf = leaf;
    this.document = document;
  }

  /** Sorts a list and gives its first {@code count} points, or all if there are fewer. */
  static List<SegmentPoint> best(List<SegmentPoint> found, int count) {
    found.sort(null);
    return found.subList(0, Math.min(count, found.size()));
  }

  /** Smaller is better. */
  double key() {
    return key;
  }

  LeafReaderContext leaf() {
    return leaf;
  }

  int document() {
    return document;
  }

  /** The point, ranked by this key; its id is read. */
  Ranked ranked() {
    return new Ranked(id(), key, this);
  }

  /** Where the ranker of segments finds a point again. */
  static SegmentPoint of(Ranked ranked) {
    return (SegmentPoint) ranked.place();
  }

  /** The point's id. */
  PointId id() {
    return PointId.ofBytes(idBytes());
  }

  /** Reads the id if it is not known yet, by values that stand at no later document. */
  void readId(BinaryDocValues ids) throws IOException {
    if (id == null) {
      id = Documents.idBytes(ids, document);
    }
  }

  private byte[] idBytes() {
    var known = id;
    if (known == null) {
      try {
        known = Documents.idBytes(leaf.reader(), document);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      id = known;
    }
    return known;
  }

  @Override
  public int compareTo(SegmentPoint other) {
    int byKey = Double.compare(key, other.key);
    return byKey != 0 ? byKey : Arrays.compareUnsigned(idBytes(), other.idBytes());
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SegmentPoint point
        && point.document == document
        && point.leaf.ord == leaf.ord;
  }

  @Override
  public int hashCode() {
    return 31 * leaf.ord + document;
  }
}
