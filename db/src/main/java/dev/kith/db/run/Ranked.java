package dev.kith.db.run;

import dev.kith.db.point.PointId;

/**
 * A point with the key that it is ranked by. Rankings of several sources are merged in the natural
 * order: by key, then by id.
 *
 * @param id of the point
 * @param key canonical, smaller is better
 * @param place where the ranker that gave it finds the point again
 */
public record Ranked(PointId id, double key, Place place) implements Comparable<Ranked> {

  /** A place that its own ranker alone can read, such as a document of a segment or a shard. */
  public interface Place {}

  /** The same point with another key. */
  public Ranked withKey(double newKey) {
    return new Ranked(id, newKey, place);
  }

  @Override
  public int compareTo(Ranked other) {
    int byKey = Double.compare(key, other.key);
    return byKey != 0 ? byKey : id.compareTo(other.id);
  }
}
