package dev.kith.db;

import dev.kith.db.point.Schema;
import java.nio.file.Path;
import java.util.List;

/**
 * A database: a folder with a folder for each collection, or memory alone. Closing it closes its
 * collections. Safe for many threads.
 *
 * <pre>{@code
 * try (var kith = Kith.open(Path.of("kith-data"))) {
 *   var articles = kith.openOrCreate("articles", Schema.of(384, Metric.COSINE));
 *   articles.upsert(Point.of(PointId.of(1), vector, Payload.of("lang", "en")));
 *   for (var hit : articles.query(Query.nearest(question).where("lang == 'en'")).hits()) { ... }
 * }
 * }</pre>
 */
public interface Kith extends AutoCloseable {

  /** Opens a folder, which is made if it is not there. */
  static Kith open(Path folder) {
    return Storages.local().open(folder);
  }

  /**
   * Opens a folder to read, also while another process writes it; its collections are seen as their
   * last checkpoints left them.
   */
  static Kith openReadOnly(Path folder) {
    return Storages.local().openReadOnly(folder);
  }

  /** A database that is gone when it is closed. */
  static Kith inMemory() {
    return Storages.local().inMemory();
  }

  /** Makes a collection; there must be none of that name. */
  default Collection create(String name, Schema schema) {
    return create(name, schema, CollectionOptions.DEFAULT);
  }

  /** Makes a collection; there must be none of that name. */
  Collection create(String name, Schema schema, CollectionOptions options);

  /** Whether there is a collection of that name. */
  default boolean exists(String name) {
    return list().contains(name);
  }

  /**
   * Opens a collection, or makes it; see {@link #openOrCreate(String, Schema, CollectionOptions)}.
   */
  default Collection openOrCreate(String name, Schema schema) {
    return openOrCreate(name, schema, CollectionOptions.DEFAULT);
  }

  /**
   * Opens a collection if it is there, else makes it.
   *
   * @param schema that the collection must have, or is given
   * @throws IllegalArgumentException if the collection has another schema; the message says what
   *     differs
   */
  Collection openOrCreate(String name, Schema schema, CollectionOptions options);

  /** Opens a collection, or gives the one that this object has open. */
  default Collection collection(String name) {
    return collection(name, CollectionOptions.DEFAULT);
  }

  /**
   * Opens a collection with these options, or gives the one that is open with its own.
   *
   * @throws IllegalArgumentException if there is none; the message lists those that are
   * @throws dev.kith.db.durability.CollectionLockedException if another process writes it
   * @throws dev.kith.core.vector.VectorDataException if a file is damaged
   */
  Collection collection(String name, CollectionOptions options);

  /** The names of all collections, sorted. */
  List<String> list();

  /** Removes a collection and its files; it is closed first if it is open here. */
  void drop(String name);

  /**
   * Makes a collection of a snapshot, whose checksums are checked first.
   *
   * @param snapshot a folder that {@link Collection#snapshot} made
   */
  Collection restore(String name, Path snapshot);

  /** Closes all collections and lets the folder go. */
  @Override
  void close();
}
