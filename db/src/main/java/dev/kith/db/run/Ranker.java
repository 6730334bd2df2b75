package dev.kith.db.run;

import dev.kith.db.point.FieldType;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.query.Hit;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Ranks the points of one collection as they were at one moment: those of segments, or those of
 * shards. All lists are in the order of {@link Ranked}, whatever the points are spread over.
 */
public interface Ranker {

  /** The collection's name, for messages. */
  String collection();

  /** The schema of that moment. */
  Schema schema();

  /**
   * The points nearest to each query.
   *
   * @param vector the name of the points' vectors
   * @param queries {@code [q][d]}, of that vector's dimension
   * @param k the most points of a query, at least 1
   * @return one a query, each with the report of all
   */
  List<Found> nearest(String vector, List<float[]> queries, int k, Scope scope) throws IOException;

  /**
   * The points that score best by BM25; a key is the score with its sign changed.
   *
   * @param fields text fields
   * @param k the most points, at least 1
   */
  Found words(List<String> fields, String words, int k, Scope scope) throws IOException;

  /**
   * The points that have a field, by its values; a key is the value, with its sign changed if the
   * largest come first.
   *
   * @param type of the field: integer, float or datetime
   * @param k the most points, at least 1
   */
  Found ordered(String field, FieldType type, boolean descending, int k, Scope scope)
      throws IOException;

  /**
   * The same points with the keys of their vectors of one name; those without such a vector are
   * left out.
   *
   * @param query {@code [d]}
   */
  Found rescore(List<Ranked> ranked, String vector, float[] query) throws IOException;

  /** The point of that id, with the key 0, or null if there is none. */
  @Nullable Ranked find(PointId id) throws IOException;

  /** A point's vector of that name, or null if it has none. */
  float @Nullable [] vectorOf(Ranked point, String vector) throws IOException;

  /**
   * The values that a point has of a field, as text, each once.
   *
   * @param type of the field: keyword, bool or integer
   */
  List<String> valuesOf(Ranked point, String field, FieldType type) throws IOException;

  /**
   * The hits of the ranked points, in their order.
   *
   * @param contents what they bring
   */
  List<Hit> hydrate(List<Ranked> best, Scale scale, Contents contents) throws IOException;
}
