package dev.kith.db.testing;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory, used through {@link #path}. What is written to a file is volatile until the
 * file is forced; what is created, moved or deleted is volatile until its folder is forced.
 *
 * <ul>
 *   <li>{@link #crash} is a power cut. Every sector of 512 bytes that was written since the last
 *       force has independently one of the contents it has had since; so has the file's length;
 *       sectors that never came are zeros. Every creation, move and deletion since its folder was
 *       forced is independently kept or not. What was forced is never lost.
 *   <li>{@link #kill} is the end of a process: all writes are kept, still volatile; no locks.
 *   <li>A force that fails leaves the contents visible and takes them for clean, as Linux does: no
 *       later force writes them, unless they are written again.
 * </ul>
 *
 * <p>Thread-safe. Files hold less than 2 GiB; links, permissions and memory maps do not exist.
 */
public final class SimulatedDisk {
  /** What goes wrong from some operation on. */
  public enum Fault {
    /** That one operation fails. */
    ONCE,
    /** As {@link #ONCE}, but a write writes its first half before. */
    SHORT_WRITE,
    /** All writes and creations fail. */
    FULL,
    /** All operations that change something fail. */
    READ_ONLY,
    /** Everything fails, reads too: {@link #crash} then shows the disk as it was at that moment. */
    OFF
  }

  enum Operation {
    CREATE,
    WRITE,
    FORCE,
    CHANGE
  }

  /** One change of one folder's entry; no node, no entry. */
  record Edit(Node folder, String name, @Nullable Node node) {}

  private final SimulatedFileSystem fileSystem = new SimulatedFileSystem(this);
  final Node root;
  final Set<Node> locked = new HashSet<>();

  /** What folders have not forced: each element happens as a whole or not at all. */
  private final List<List<Edit>> journal = new ArrayList<>();

  private long operations;
  private long forces;
  private long faultFrom;
  private @Nullable Fault fault;
  private boolean faultFired;
  private Predicate<Path> ignored = path -> false;
  private Duration forceTime = Duration.ZERO;

  /** An empty disk. */
  public SimulatedDisk() {
    this(new Node(true));
  }

  private SimulatedDisk(Node root) {
    this.root = root;
  }

  /** Its file system, whose only root is {@code /}. */
  public FileSystem fileSystem() {
    return fileSystem;
  }

  /** A path on this disk. */
  public Path path(String first, String... more) {
    return fileSystem.getPath(first, more);
  }

  /** Another disk: this one after a power cut. */
  public synchronized SimulatedDisk crash(SplittableRandom random) {
    var survivors = new HashMap<Node, Map<String, Node>>();
    for (var edits : journal) {
      if (random.nextBoolean()) {
        edits.forEach(
            edit ->
                edit(
                    survivors.computeIfAbsent(edit.folder, f -> new HashMap<>(f.durableEntries)),
                    edit));
      }
    }
    return new SimulatedDisk(survivor(root, survivors, new HashMap<>(), random));
  }

  private static Node survivor(
      Node node,
      Map<Node, Map<String, Node>> entries,
      Map<Node, Node> known,
      SplittableRandom random) {
    var before = known.get(node);
    if (before != null) {
      return before;
    }
    var after = node.directory ? new Node(true) : node.afterCrash(random);
    known.put(node, after);
    entries
        .getOrDefault(node, node.durableEntries)
        .forEach(
            (name, child) -> {
              var copy = survivor(child, entries, known, random);
              after.entries.put(name, copy);
              after.durableEntries.put(name, copy);
            });
    return after;
  }

  /** Another disk: this one after the process was killed. */
  public synchronized SimulatedDisk kill() {
    var copies = new HashMap<Node, Node>();
    var disk = new SimulatedDisk(root.copy(copies));
    for (var edits : journal) {
      disk.journal.add(
          edits.stream()
              .map(
                  edit ->
                      new Edit(
                          edit.folder.copy(copies),
                          edit.name,
                          edit.node == null ? null : edit.node.copy(copies)))
              .toList());
    }
    return disk;
  }

  /**
   * Lets operation number {@code operation} (from 1: creating or opening to write, writing,
   * forcing, truncating, moving, deleting) go wrong.
   */
  public synchronized void failFrom(long operation, Fault fault) {
    this.faultFrom = operation;
    this.fault = fault;
    this.faultFired = false;
  }

  /** Everything works again. */
  public synchronized void repair() {
    fault = null;
  }

  /** Whether anything has failed since {@link #failFrom}. */
  public synchronized boolean faultFired() {
    return faultFired;
  }

  /** Operations so far that change something, failed ones included. */
  public synchronized long operations() {
    return operations;
  }

  /** Forces so far of files and folders, ignored ones included. */
  public synchronized long forces() {
    return forces;
  }

  /** Forces of these files and folders do nothing and say nothing. */
  public synchronized void ignoreForces(Predicate<Path> paths) {
    ignored = paths;
  }

  /** How long a force takes from now on. */
  public synchronized void forceTakes(Duration time) {
    forceTime = time;
  }

  /**
   * Counts an operation. True if it is to do half and then fail.
   *
   * @throws IOException if it fails
   */
  boolean begin(Operation operation) throws IOException {
    operations++;
    if (fault == null || operations < faultFrom) {
      return false;
    }
    boolean first = operations == faultFrom;
    boolean adds = operation == Operation.CREATE || operation == Operation.WRITE;
    switch (fault) {
      case ONCE -> {
        if (first) {
          throw failure("Input/output error");
        }
      }
      case SHORT_WRITE -> {
        if (first && operation != Operation.WRITE) {
          throw failure("Input/output error");
        }
        return first;
      }
      case FULL -> {
        if (adds) {
          throw failure("No space left on device");
        }
      }
      case READ_ONLY -> throw failure("Read-only file system");
      case OFF -> throw failure("The disk is off");
    }
    return false;
  }

  /** Fails if the disk is off. */
  void beginRead() throws IOException {
    if (fault == Fault.OFF && operations >= faultFrom) {
      throw failure("The disk is off");
    }
  }

  IOException failure(String text) {
    faultFired = true;
    return new IOException(text);
  }

  /** Makes changes of folders, as one. */
  void change(Edit... edits) {
    for (var edit : edits) {
      edit(edit.folder.entries, edit);
      edit.folder.touch();
    }
    journal.add(List.of(edits));
  }

  private static void edit(Map<String, Node> entries, Edit edit) {
    if (edit.node == null) {
      entries.remove(edit.name);
    } else {
      entries.put(edit.name, edit.node);
    }
  }

  void force(Path path, Node node) throws IOException {
    Duration time;
    synchronized (this) {
      forces++;
      try {
        begin(Operation.FORCE);
      } catch (IOException e) {
        if (fault != Fault.OFF) {
          node.forgetDirty();
        }
        throw e;
      }
      time = forceTime;
      if (!ignored.test(path)) {
        node.force();
        journal.removeIf(
            edits -> {
              boolean forced = edits.stream().anyMatch(edit -> edit.folder == node);
              if (forced) {
                edits.forEach(edit -> edit(edit.folder.durableEntries, edit));
              }
              return forced;
            });
      }
    }
    if (time.isPositive()) {
      try {
        Thread.sleep(time);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
