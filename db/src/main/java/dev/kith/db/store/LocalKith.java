package dev.kith.db.store;

import static java.util.Objects.requireNonNull;

import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.WholeFile;
import dev.kith.db.Collection;
import dev.kith.db.CollectionOptions;
import dev.kith.db.Kith;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A database of this process: a folder with a folder for each collection, or memory alone. */
final class LocalKith implements Kith {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}");

  /** Begins the name of what is being made or removed. */
  private static final String HIDDEN = ".";

  private final @Nullable Path folder;
  private final boolean readOnly;
  private final Map<String, LocalCollection> open = new TreeMap<>();
  private boolean closed;

  LocalKith(@Nullable Path folder, boolean readOnly) {
    this.folder = folder;
    this.readOnly = readOnly;
  }

  @Override
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
        return opened(name, LocalCollection.inMemory(name, schema, options, closer(name)));
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

  @Override
  public synchronized Collection openOrCreate(
      String name, Schema schema, CollectionOptions options) {
    requireOpen();
    if (!list().contains(name)) {
      return create(name, schema, options);
    }
    boolean known = open.containsKey(name);
    var collection = collection(name, options);
    var differences = collection.schema().differences(schema);
    if (!differences.isEmpty()) {
      if (!known) {
        collection.close();
      }
      throw new IllegalArgumentException(
          "collection %s has another schema than the one asked for: %s (%s); open it by collection(\"%s\"), and change it by addField, addVector, setIndex or setEmbedding"
              .formatted(name, String.join("; ", differences), place(), name));
    }
    return collection;
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

  @Override
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

  private LocalCollection open(String name, CollectionOptions options) throws IOException {
    var path = requireNonNull(folder).resolve(name);
    var files = new CollectionFolder(path);
    return opened(
        name,
        readOnly
            ? LocalCollection.readOnly(name, files, options, closer(name))
            : LocalCollection.open(name, files, options, closer(name)));
  }

  private LocalCollection opened(String name, LocalCollection collection) {
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

  @Override
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

  @Override
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

  @Override
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
