package dev.kith.db;

import dev.kith.core.text.TextEmbedder;
import dev.kith.core.text.TextEmbedding;
import dev.kith.db.durability.Durability;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import dev.kith.db.query.Facet;
import dev.kith.db.query.Grouped;
import dev.kith.db.query.Page;
import dev.kith.db.query.Query;
import dev.kith.db.query.QueryResult;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Points of one schema. Writes return when they are acknowledged at the collection's {@link
 * Durability} and are seen by the next query of this process. What reads sees one moment; {@link
 * #reader()} keeps it for several calls. Safe for many threads.
 */
public interface Collection extends AutoCloseable {

  /** The collection's name. */
  String name();

  /** The schema of this moment. */
  Schema schema();

  // ---- writing ----

  /** Puts points, each in the place of the one with its id; of several with one id the last. */
  default void upsert(Point... points) {
    upsert(List.of(points));
  }

  /**
   * Puts points, each in the place of the one with its id; of several with one id the last. The
   * call's points become durable together.
   *
   * @throws IllegalArgumentException if one does not fit the schema; then none was put
   * @throws dev.kith.db.durability.WritesStoppedException if they could not be made durable
   */
  void upsert(List<Point> points);

  /**
   * Puts the points of a stream, on all cores, no faster than they can be kept and with no more
   * than some thousands of them in memory.
   *
   * @param acknowledged told how many points from the start are durable, and the last one's id
   * @return how many there were
   */
  long upsertAll(Iterator<Point> points, Acknowledged acknowledged);

  /** The same for a stream of points. */
  default long upsertAll(Stream<Point> points) {
    return upsertAll(points.iterator(), (_, _) -> {});
  }

  /** Told what is durable. */
  @FunctionalInterface
  interface Acknowledged {
    /**
     * All points from the start to this one are.
     *
     * @param points how many
     * @param last the id of the last
     */
    void accept(long points, PointId last);
  }

  /** Takes points away; ids that there are not are passed over. */
  default void delete(PointId... ids) {
    delete(List.of(ids));
  }

  /** Takes points away; ids that there are not are passed over. */
  void delete(List<PointId> ids);

  /**
   * Takes away the points that pass as it begins.
   *
   * @return how many there were
   */
  long delete(Filter filter);

  /** Puts the points whose ids there are not yet; see {@link #insertIfAbsent(List)}. */
  default int insertIfAbsent(Point... points) {
    return insertIfAbsent(List.of(points));
  }

  /**
   * Puts the points whose ids there are not yet, and leaves those there are as they are; of several
   * with one id the first. The call's points become durable together.
   *
   * @return how many were put
   * @throws IllegalArgumentException if a point does not fit the schema; then none was put
   */
  int insertIfAbsent(List<Point> points);

  /**
   * Gives points another payload and leaves their vectors; ids that there are not are passed over.
   * The call's points become durable together.
   *
   * @return how many of them there were
   * @throws IllegalArgumentException if the payload does not fit the schema; then nothing changed
   */
  int replacePayload(List<PointId> ids, Payload payload);

  /**
   * Gives the points that pass as it begins another payload and leaves their vectors. All are
   * looked at before the first is written; then they are written some hundred at a time, each time
   * durable together.
   *
   * @return how many there were
   * @throws IllegalArgumentException if the payload does not fit the schema; then nothing changed
   */
  long replacePayload(Filter filter, Payload payload);

  /**
   * Gives points another payload.
   *
   * @deprecated since its name says neither that other keys go nor that vectors stay: {@link
   *     #replacePayload(List, Payload)} is the same, {@link #mergePayload(List, Payload)} leaves
   *     other keys
   */
  @Deprecated(since = "0.1.0")
  default int setPayload(List<PointId> ids, Payload payload) {
    return replacePayload(ids, payload);
  }

  /**
   * Puts keys into the payloads of points, and leaves their other keys and their vectors. The value
   * of a key that is there already is replaced whole: objects are not merged within each other. Ids
   * that there are not are passed over. The call's points become durable together.
   *
   * @param values to be put, such as {@code Payload.of("seen", true)}
   * @return how many of the points there were
   * @throws IllegalArgumentException if what comes of one does not fit the schema; then nothing
   *     changed
   */
  int mergePayload(List<PointId> ids, Payload values);

  /**
   * The same for the points that pass as it begins; see {@link #replacePayload(Filter, Payload)}.
   */
  long mergePayload(Filter filter, Payload values);

  /** Takes keys out of the payloads of points; see {@link #removeKeys(List, List)}. */
  default int removeKeys(List<PointId> ids, String... paths) {
    return removeKeys(ids, List.of(paths));
  }

  /**
   * Takes keys out of the payloads of points, and leaves what else they have. A path is keys joined
   * by dots that lead through objects, not arrays; where a payload has a key that is the whole
   * path, it means that one. Paths that lead nowhere and ids that there are not are passed over.
   * The call's points become durable together.
   *
   * @return how many of the points there were
   * @throws IllegalArgumentException if what comes of one does not fit the schema; then nothing
   *     changed
   */
  int removeKeys(List<PointId> ids, List<String> paths);

  /** The same for the points that pass as it begins; see {@link #removeKeys(Filter, List)}. */
  default long removeKeys(Filter filter, String... paths) {
    return removeKeys(filter, List.of(paths));
  }

  /**
   * The same for the points that pass as it begins; see {@link #replacePayload(Filter, Payload)}.
   */
  long removeKeys(Filter filter, List<String> paths);

  /** Gives points another {@link Schema#VECTOR}; see {@link #updateVectors(String, Map)}. */
  default int updateVectors(Map<PointId, float[]> rows) {
    return updateVectors(Schema.VECTOR, rows);
  }

  /**
   * Gives points another vector of one name, and leaves their payloads and other vectors; ids that
   * there are not are passed over. The call's points become durable together.
   *
   * @param rows the vectors by the points' ids
   * @return how many of the points there were
   * @throws IllegalArgumentException if one does not fit the schema; then nothing changed
   */
  int updateVectors(String vector, Map<PointId, float[]> rows);

  /**
   * Computes a vector anew of the points that pass as it begins, some hundred at a time, each time
   * durable together. A point that is written meanwhile is computed from what was written.
   *
   * @return how many points were given a vector
   * @throws IllegalArgumentException if a vector does not fit the schema; then those computed with
   *     it are as they were, and those before are written
   */
  long updateVectors(String vector, Filter filter, VectorOf vectorOf);

  /** Computes a point's vector, such as from a text of its payload. */
  @FunctionalInterface
  interface VectorOf {
    /** The vector of that point, or null to leave the point as it is. */
    float @Nullable [] point(Point point);
  }

  // ---- reading ----

  /** The collection as it is now, for several calls; to be closed. */
  CollectionReader reader();

  /** Answers a query; see {@link CollectionReader#query}. */
  default QueryResult query(Query query) {
    return queryBatch(List.of(query)).getFirst();
  }

  /** Answers several queries; see {@link CollectionReader#queryBatch}. */
  default List<QueryResult> queryBatch(List<Query> queries) {
    try (var reader = reader()) {
      return reader.queryBatch(queries);
    }
  }

  /** The best groups of points; see {@link CollectionReader#queryGrouped}. */
  default Grouped queryGrouped(Query query, String field, int groups, int size) {
    try (var reader = reader()) {
      return reader.queryGrouped(query, field, groups, size);
    }
  }

  /** The point of that id, or null if there is none. */
  default @Nullable Point get(PointId id) {
    try (var reader = reader()) {
      return reader.get(id);
    }
  }

  /** Those points that there are, in the order of the ids. */
  default List<Point> get(List<PointId> ids) {
    try (var reader = reader()) {
      return reader.get(ids);
    }
  }

  /** Points in the order of their ids; see {@link CollectionReader#scroll}. */
  default Page scroll(@Nullable Filter filter, @Nullable PointId after, int limit) {
    try (var reader = reader()) {
      return reader.scroll(filter, after, limit);
    }
  }

  /**
   * Every point that passes, in the order of their ids, as the collection is now; see {@link
   * CollectionReader#stream}. To be closed, since it holds files.
   */
  default Stream<Point> stream(@Nullable Filter filter) {
    var reader = reader();
    return reader.stream(filter).onClose(reader::close);
  }

  /** How many points there are. */
  default long count() {
    return count(null);
  }

  /** How many points pass; null for all. */
  default long count(@Nullable Filter filter) {
    try (var reader = reader()) {
      return reader.count(filter);
    }
  }

  /** The most frequent values of a field; see {@link CollectionReader#facet}. */
  default List<Facet> facet(String field, @Nullable Filter filter, int limit) {
    try (var reader = reader()) {
      return reader.facet(field, filter, limit);
    }
  }

  /**
   * What the collection holds, and how much of the disk it takes. Where the metric is cosine, the
   * first call in a process reads the beginning of each row, to count those of zeros.
   */
  CollectionStats stats();

  /**
   * Whether the log holds more than what this collection shows: always false for one that was
   * opened to write, which takes the log in.
   */
  boolean hasUnreadLog();

  // ---- schema ----

  /** Indexes a payload field; see {@link #addFields}, which writes points once for several. */
  default void addField(String path, FieldType type) {
    addFields(Map.of(path, type));
  }

  /**
   * Indexes payload fields, of the points that there are too: they are written anew, while reads
   * and writes go on. Filters see the fields when this returns; if it is cut off, the next opening
   * goes on with it.
   *
   * @param fields types by path
   * @throws IllegalArgumentException if a field is there already, or if a point has a value that is
   *     not of its field's type; then nothing changed. While this looks, such points are refused.
   */
  void addFields(Map<String, FieldType> fields);

  /** Lets points have one more vector. */
  void addVector(String vector, VectorField field);

  /**
   * Indexes vectors otherwise. What is quickly built, the shadow of a scan, new segments have at
   * once, and those there are when they are merged. Graphs and lists are built in the background,
   * segment by segment, while queries and writes go on: a segment without is scanned, exactly, and
   * {@link #buildIndexes(Consumer, BooleanSupplier)} waits for all. A build that closing the
   * collection ends begins again after the next write.
   */
  void setIndex(String vector, String spec);

  /**
   * Says how texts became the vectors of that name, from which {@link #texts} and the command line
   * take it. Vectors of an unknown origin may be given one; a known one may be changed while there
   * are no such vectors.
   *
   * @throws IllegalArgumentException if there are vectors of another embedding, which is named
   */
  void setEmbedding(String vector, TextEmbedding embedding);

  // ---- texts ----

  /**
   * The collection's texts, by the model that its schema remembers, which is loaded, and let go
   * when the texts are closed.
   *
   * @throws IllegalArgumentException if the schema remembers none, or one that nothing on the class
   *     path or module path can load
   */
  default Texts texts() {
    return Texts.of(this, Schema.VECTOR);
  }

  /**
   * The collection's texts by an embedder of your own; see {@link #texts(String, TextEmbedder)}.
   */
  default Texts texts(TextEmbedder embedder) {
    return texts(Schema.VECTOR, embedder);
  }

  /**
   * The collection's texts, whose vectors of that name are made by an embedder of your own. A
   * collection without such vectors remembers how it embeds.
   *
   * @throws IllegalArgumentException if the collection's vectors are embedded otherwise, or in a
   *     way that it does not know, or have another dimension
   */
  Texts texts(String vector, TextEmbedder embedder);

  // ---- keeping ----

  /** Makes the segments durable, which lets the log begin anew; closing does so too. */
  void checkpoint();

  /** Merges all segments into one; see {@link #optimize(Consumer, BooleanSupplier)}. */
  default void optimize() {
    optimize(_ -> {}, () -> false);
  }

  /**
   * Merges all segments into one, which makes searches faster and gives the room of deleted points
   * back, and indexes as {@link #setIndex} wants it. Reads and writes go on meanwhile.
   *
   * @param progress told ten times a second
   * @param stopped asked as often; when it says true, merging ends and loses nothing
   * @return whether it came to its end
   */
  boolean optimize(Consumer<OptimizeProgress> progress, BooleanSupplier stopped);

  /**
   * Waits until every large segment has the index that {@link #setIndex} wants, and builds what is
   * missing; segments are not merged for it. Reads and writes go on meanwhile.
   *
   * @param progress told ten times a second
   * @param stopped asked as often; when it says true, building ends and loses nothing
   * @return whether it came to its end
   */
  boolean buildIndexes(Consumer<OptimizeProgress> progress, BooleanSupplier stopped);

  /**
   * How far {@link #optimize(Consumer, BooleanSupplier)} is.
   *
   * @param segments that there are now
   * @param bytesWritten by merges since it began
   */
  record OptimizeProgress(int segments, long bytesWritten) {}

  /**
   * Reads all files and says what is wrong with them: checksums, shadows against their rows, ids
   * that are there twice.
   *
   * @return a line for each problem; none if all is well
   */
  List<String> verify();

  /**
   * Copies the collection as it is now into a new folder, by hard links where the disk allows it;
   * {@link Kith#restore} makes a collection of it.
   */
  void snapshot(Path folder);

  /** Makes what was written durable and lets the files go; searches under way come to their end. */
  @Override
  void close();
}
