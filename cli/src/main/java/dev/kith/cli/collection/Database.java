package dev.kith.cli.collection;

import static java.util.Objects.requireNonNull;

import dev.kith.cli.console.Json;
import dev.kith.cli.console.Progress;
import dev.kith.cli.console.Screen;
import dev.kith.cli.console.Shutdown;
import dev.kith.db.Collection;
import dev.kith.db.CollectionOptions;
import dev.kith.db.Kith;
import dev.kith.db.durability.CollectionLockedException;
import dev.kith.db.durability.NoCheckpointException;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options that name a database, and ways to open it; shared by all commands on collections. */
public final class Database {
  /**
   * Loggers of libraries that tell at level INFO how they were set up; held, since loggers are
   * forgotten.
   */
  private static final List<Logger> CHATTY =
      List.of(Logger.getLogger("org.apache.lucene"), Logger.getLogger("dev.hardwood"));

  private static final Logger VECTORIZATION =
      Logger.getLogger("org.apache.lucene.internal.vectorization.VectorizationProvider");

  @Spec(Spec.Target.MIXEE)
  CommandSpec spec;

  @Option(
      names = "--db",
      paramLabel = "FOLDER",
      defaultValue = "kith-data",
      description = "the database's folder; default: ./${DEFAULT-VALUE}")
  Path db;

  @Option(names = "--json", description = "print one JSON document")
  boolean json;

  private static final long TEN_SECONDS = 10_000_000_000L;
  private static final long TENTH_OF_A_SECOND = 100_000_000;

  private long shown = System.nanoTime();
  private boolean lineOpen;

  /** A collection that is open, and its database, which closes with it. */
  record Opened(Kith kith, Collection collection) implements AutoCloseable {
    @Override
    public void close() {
      kith.close();
    }
  }

  /** Returns the database's folder. */
  public Path folder() {
    return db;
  }

  /** Returns whether one JSON document is to be printed. */
  public boolean isJson() {
    return json;
  }

  /** Returns the command line that the options were given to. */
  public CommandLine commandLine() {
    return spec.commandLine();
  }

  /** Returns the writer of results. */
  public PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** Returns the writer of messages and progress. */
  public PrintWriter err() {
    return spec.commandLine().getErr();
  }

  private static void quiet() {
    CHATTY.forEach(logger -> logger.setLevel(Level.WARNING));
    // Commands that do not search start without the module that Lucene would like to have.
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      VECTORIZATION.setLevel(Level.SEVERE);
    }
  }

  /** Opens the database; creates its folder if there is none. */
  public Kith make() {
    quiet();
    requireNoDanglingLink();
    return Kith.open(db);
  }

  /** Opens the database, whose folder must exist. */
  Kith open() {
    requireFolder();
    return make();
  }

  private void requireNoDanglingLink() {
    if (Files.isSymbolicLink(db) && !Files.exists(db)) {
      throw new IllegalArgumentException(
          "a database is a folder, and %s is a link to one that is not there; make that folder, or --db names another"
              .formatted(db));
    }
  }

  private void requireFolder() {
    requireNoDanglingLink();
    if (!Files.isDirectory(db)) {
      throw new IllegalArgumentException(
          "no such database: %s; kith create makes one, --db names another".formatted(db));
    }
  }

  /** Opens the database read-only, as it is. */
  Kith openReadOnly() {
    requireFolder();
    quiet();
    return Kith.openReadOnly(db);
  }

  /** A collection to write. */
  Opened writable(String name, CollectionOptions options) {
    var kith = open();
    try {
      return new Opened(kith, kith.collection(name, options));
    } catch (RuntimeException e) {
      kith.close();
      throw e;
    }
  }

  /** A collection to write. */
  Opened writable(String name) {
    return writable(name, CollectionOptions.DEFAULT);
  }

  /**
   * Opens a collection to read, without changing anything, unless a crash left writes in the log:
   * then it is opened as for writing, which recovers them, if no other process has it and the file
   * system allows it.
   */
  Opened readable(String name) {
    var whole = readOnly(name, true);
    if (whole != null) {
      return whole;
    }
    try {
      return writable(name);
    } catch (CollectionLockedException e) {
      tell("another process writes %s: read as its last checkpoint left it (%s)", name);
    } catch (UncheckedIOException e) {
      if (!isRefusal(e.getCause())) {
        throw e;
      }
      tell("%s cannot be written here: read as its last checkpoint left it (%s)", name);
    }
    return requireNonNull(readOnly(name, false));
  }

  private void tell(String text, String name) {
    err().println(text.formatted(name, db.resolve(name)));
    err().flush();
  }

  /** Whether the file system keeps this user, or everybody, from writing. */
  private static boolean isRefusal(@Nullable IOException cause) {
    return cause instanceof AccessDeniedException
        || (cause instanceof FileSystemException refused
            && String.valueOf(refused.getReason()).contains("Read-only file system"));
  }

  /**
   * Opens a collection as its last checkpoint left it.
   *
   * @param wholly whether the log must hold nothing more; if it does, null is returned
   */
  private @Nullable Opened readOnly(String name, boolean wholly) {
    var kith = openReadOnly();
    try {
      var collection = kith.collection(name);
      if (wholly && collection.hasUnreadLog()) {
        kith.close();
        return null;
      }
      return new Opened(kith, collection);
    } catch (NoCheckpointException e) {
      kith.close();
      if (wholly) {
        return null;
      }
      throw e;
    } catch (RuntimeException e) {
      kith.close();
      throw e;
    }
  }

  /** Name of the vectors: the given one, or the only one there is. */
  static String vectorName(Schema schema, @Nullable String given) {
    if (given != null) {
      schema.vector(given);
      return given;
    }
    var names = schema.vectors().keySet();
    if (names.size() == 1) {
      return names.iterator().next();
    }
    if (names.contains(Schema.VECTOR)) {
      return Schema.VECTOR;
    }
    throw new IllegalArgumentException(
        "say which vectors by --vector-name: the collection has "
            + (names.isEmpty() ? "none" : String.join(", ", names)));
  }

  /** Checks that the model's vectors have the collection's dimension. */
  static void requireDimension(
      Schema schema, String vector, String model, int dimension, String collection) {
    int expected = schema.vector(vector).dimension();
    if (dimension != expected) {
      throw new IllegalArgumentException(
          "a model's vectors must have the collection's dimension: model %s gives %d, %s has %d (vector %s); name the model of its vectors by --model"
              .formatted(model, dimension, collection, expected, vector));
    }
  }

  /** Whose vectors they are, for messages. */
  static String place(String vector, String collection) {
    return "vector %s of collection %s".formatted(vector, collection);
  }

  /**
   * Shows progress on standard error, as {@link Progress} does, where no end is known: overwrites
   * the line where that is a terminal, else prints one every ten seconds; nothing with JSON.
   */
  void show(Supplier<String> text) {
    boolean terminal = Boolean.getBoolean("kith.terminal");
    long now = System.nanoTime();
    if (json || now - shown < (terminal ? TENTH_OF_A_SECOND : TEN_SECONDS)) {
      return;
    }
    shown = now;
    if (terminal) {
      Screen.startLineAgain(err());
      err().print(text.get() + "   ");
      lineOpen = true;
    } else {
      err().println(text.get());
    }
    err().flush();
  }

  /** Ends the line that {@link #show} left open. */
  void endShow() {
    if (lineOpen) {
      err().println();
      err().flush();
      lineOpen = false;
    }
  }

  /**
   * Builds what large segments lack of graphs and lists, and shows how far that is; a stopped build
   * loses nothing.
   */
  void buildIndexes(Collection collection) {
    boolean scans =
        collection.schema().vectors().values().stream().allMatch(field -> field.index().exact());
    if (scans) {
      return; // what scans need is built when rows are written
    }
    collection.buildIndexes(
        now ->
            show(
                () ->
                    "building indexes: %d segments, %d MB written"
                        .formatted(now.segments(), now.bytesWritten() / 1_000_000)),
        Shutdown::isStopped);
    endShow();
  }

  /** Line for a filter that leaves nothing. */
  static String nonePasses(String filter) {
    return "no point passes the filter: " + filter;
  }

  /** Refuses the command line with a line on what is wrong with it. */
  ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** Number of points in words, such as {@code 1 point}. */
  static String points(long count) {
    return count == 1 ? "1 point" : count + " points";
  }

  /** Prints the document if JSON was asked for, the text if not. */
  void print(Object document, String text) {
    endShow();
    if (json) {
      Json.print(out(), document);
    } else {
      out().println(text);
      out().flush();
    }
  }
}
