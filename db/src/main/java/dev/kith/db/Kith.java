package dev.kith.db;

import static java.util.Objects.requireNonNull;

import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.WholeFile;
import dev.kith.db.durability.CollectionLockedException;
import dev.kith.db.point.Schema;
import dev.kith.db.store.CollectionFolder;
import dev.kith.db.store.Description;
import dev.kith.db.store.Snapshots;
import dev.kith.db.store.Uninterrupted;
import dev.kith.db.store.Verification;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A database: a folder with a folder for each collection, or memory alone. Closing it closes its
 * collections. Safe for many threads.
 *
 * <pre>{@code
 * try (var kith = Kith.open(Path.of("kith-data"))) {
 *   var articles = kith.create("articles", Schema.of(384, Metric.COSINE));
 *   articles.upsert(Point.of(PointId.of(1), vector, Payload.of("lang", "en")));
 *   for (var hit : articles.query(Query.nearest(question).where("lang == 'en'")).hits()) { ... }
 * }
 * }</pre>
 */
public final class Kith implements AutoCloseable {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}");

  /** Begins the name of what is being made or removed. */
  private static final String HIDDEN = ".";

  private final @Nullable Path folder;
  private final boolean readOnly;
  private final Map<String, Collection> open = new TreeMap<>();
  private boolean closed;

  private Kith(@Nullable Path folder, boolean readOnly) {
    this.folder = folder;
    this.readOnly = readOnly;
  }

  /** Opens a folder, which is made if it is not there. */
  public static Kith open(Path folder) {
    try {
      Uninterrupted.runApart(() -> CollectionFolder.make(folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Kith(folder, false);
  }

  /**
   * Opens a folder to read, also while another process writes it; its collections are seen as their
   * last checkpoints left them.
   */
  public static Kith openReadOnly(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new UncheckedIOException(new NoSuchFileException(folder.toString()));
    }
    return new Kith(folder, true);
  }

  /** A database that is gone when it is closed. */
  public static Kith inMemory() {
    return new Kith(null, false);
  }

  /** Makes a collection; there must be none of that name. */
  public Collection create(String name, Schema schema) {
    return create(name, schema, CollectionOptions.DEFAULT);
  }

  /** Makes a collection; there must be none of that name. */
  public synchronized Collection create(String name, Schema schema, CollectionOptions options) {
    requireWritable();
    requireName(name);
    if (list().contains(name) || isThere(name)) {
      throw new IllegalArgumentException(
          "there is a collection of that name already: %s (%s); drop it first, or choose another"
              .formatted(name, place()));
    }
    try {
      if (folder == null) {
        return opened(name, Collection.inMemory(name, schema, options, closer(name)));
      }
      return Uninterrupted.apart(
          () -> {
            begin(name, folder.resolve(name), schema);
            return open(name, options);
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void begin(String name, Path path, Schema schema) throws IOException {
    CollectionFolder.make(path);
    var files = new CollectionFolder(path);
    try (var _ = files.lock()) { // another process may be making it too
      if (files.exists()) {
        throw new IllegalArgumentException(
            "there is a collection of that name already: %s (%s)".formatted(name, place()));
      }
      files.write(Description.first(schema));
    }
  }

  /** Opens a collection, or gives the one that this object has open. */
  public Collection collection(String name) {
    return collection(name, CollectionOptions.DEFAULT);
  }

  /**
   * Opens a collection with these options, or gives the one that is open with its own.
   *
   * @throws IllegalArgumentException if there is none; the message lists those that are
   * @throws CollectionLockedException if another process writes it
   * @throws dev.kith.core.vector.VectorDataException if a file is damaged
   */
  public synchronized Collection collection(String name, CollectionOptions options) {
    requireOpen();
    var known = open.get(name);
    if (known != null) {
      return known;
    }
    if (!list().contains(name)) {
      throw new IllegalArgumentException(
          "no such collection: %s (%s); there are %s"
              .formatted(name, place(), list().isEmpty() ? "none" : String.join(", ", list())));
    }
    try {
      return Uninterrupted.apart(() -> open(name, options));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Collection open(String name, CollectionOptions options) throws IOException {
    var path = requireNonNull(folder).resolve(name);
    var files = new CollectionFolder(path);
    return opened(
        name,
        readOnly
            ? Collection.readOnly(name, files, options, closer(name))
            : Collection.open(name, files, options, closer(name)));
  }

  private Collection opened(String name, Collection collection) {
    open.put(name, collection);
    return collection;
  }

  private Runnable closer(String name) {
    return () -> {
      synchronized (this) {
        var collection = open.get(name);
        if (collection != null && collection.isClosed()) { // not one that came in its place
          open.remove(name);
        }
      }
    };
  }

  /** The names of all collections, sorted. */
  public synchronized List<String> list() {
    requireOpen();
    if (folder == null) {
      return List.copyOf(open.keySet());
    }
    var names = new ArrayList<String>();
    try (var folders = Files.newDirectoryStream(folder)) {
      for (var one : folders) {
        var name = one.getFileName().toString();
        if (!name.startsWith(HIDDEN) && new CollectionFolder(one).exists()) {
          names.add(name);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    names.sort(null);
    return names;
  }

  /** Removes a collection and its files; it is closed first if it is open here. */
  public synchronized void drop(String name) {
    requireWritable();
    var collection = collection(name); // which no other process writes
    collection.close();
    if (folder == null) {
      return;
    }
    try {
      Uninterrupted.runApart(
          () -> {
            var removed = hidden("dropped", name);
            try (var _ = new CollectionFolder(folder.resolve(name)).lock()) {
              Files.move(folder.resolve(name), removed);
            }
            WholeFile.forceFolder(folder);
            CollectionFolder.delete(removed);
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Also where the disk takes names that differ in their case for one. */
  private boolean isThere(String name) {
    return folder != null && new CollectionFolder(folder.resolve(name)).exists();
  }

  private Path hidden(String state, String name) {
    String unique = Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), 36);
    return requireNonNull(folder).resolve("%s%s-%s-%s".formatted(HIDDEN, state, name, unique));
  }

  /**
   * Makes a collection of a snapshot, whose checksums are checked first.
   *
   * @param snapshot a folder that {@link Collection#snapshot} made
   */
  public synchronized Collection restore(String name, Path snapshot) {
    requireWritable();
    requireName(name);
    if (folder == null) {
      throw new IllegalStateException("a snapshot is restored into a folder, not into memory");
    }
    if (list().contains(name)) {
      throw new IllegalArgumentException(
          "there is a collection of that name already: %s (%s)".formatted(name, place()));
    }
    if (!new CollectionFolder(snapshot).exists()) {
      throw new IllegalArgumentException(
          "a snapshot must be whole: folder=%s has no collection.json".formatted(snapshot));
    }
    try {
      return Uninterrupted.apart(
          () -> {
            restore(snapshot, folder.resolve(name), hidden("restoring", name));
            WholeFile.forceFolder(folder);
            return open(name, CollectionOptions.DEFAULT);
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void restore(Path snapshot, Path path, Path partial) throws IOException {
    try {
      Snapshots.restore(snapshot, partial);
      var problems = Verification.of(new CollectionFolder(partial));
      if (!problems.isEmpty()) {
        throw new VectorDataException(
            "a snapshot must be undamaged: folder=%s, found=%s"
                .formatted(snapshot, problems.getFirst()));
      }
      Files.move(partial, path);
    } finally {
      CollectionFolder.delete(partial);
    }
  }

  private static void requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a collection's name must be up to 100 of A-Z a-z 0-9 _ . - and not begin with . or -: '%s'"
              .formatted(name));
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the database is closed: " + place());
    }
  }

  private void requireWritable() {
    requireOpen();
    if (readOnly) {
      throw new IllegalStateException("the database was opened read-only: " + place());
    }
  }

  private String place() {
    return folder == null ? "in memory" : folder.toString();
  }

  @Override
  public synchronized void close() {
    closed = true;
    RuntimeException failure = null;
    for (var collection : List.copyOf(open.values())) {
      try {
        collection.close();
      } catch (RuntimeException e) { // the others are to let their files go all the same
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
