package dev.kith.db.store;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Collection;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FilterDirectory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexInput;
import org.apache.lucene.util.ThreadInterruptedException;

/**
 * Work on files that a caller's interrupt must not end: Java closes a channel under an interrupted
 * thread, and Lucene's writer takes that for a broken disk and ends all writes. The thread is
 * interrupted as before afterwards.
 */
public final class Uninterrupted {
  private Uninterrupted() {}

  /** What can be begun anew when an interrupt ended it. */
  public interface Work<T> {
    /** Does it. */
    T call() throws IOException;
  }

  /** Work without a result. */
  public interface Task {
    /** Does it. */
    void run() throws IOException;
  }

  /** Does the work, again if an interrupt comes meanwhile. */
  static <T> T call(Work<T> work) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        interrupted |= Thread.interrupted();
        try {
          return work.call();
        } catch (IOException | ThreadInterruptedException e) {
          if (!isInterrupt(e)) {
            throw e;
          }
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The same for work without a result. */
  static void run(Task task) throws IOException {
    boolean _ =
        call(
            () -> {
              task.run();
              return true;
            });
  }

  /** Whether an interrupt caused it; Lucene wraps one that comes while a file is mapped. */
  private static boolean isInterrupt(Throwable failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof ClosedByInterruptException || e instanceof ThreadInterruptedException) {
        return true;
      }
    }
    return false;
  }

  /** Does work that cannot be begun anew on a thread of its own, which nobody interrupts. */
  public static <T> T apart(Work<T> work) throws IOException {
    var task = new FutureTask<T>(work::call);
    Thread.ofPlatform().name("kith-files").start(task);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          switch (e.getCause()) {
            case IOException cause -> throw cause;
            case RuntimeException cause -> throw cause;
            case Error cause -> throw cause;
            case null, default -> throw new IllegalStateException(e);
          }
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The same for work without a result. */
  public static void runApart(Task task) throws IOException {
    boolean _ =
        apart(
            () -> {
              task.run();
              return true;
            });
  }

  /** The same directory, whose files open and become durable whatever interrupts come. */
  static Directory directory(Directory directory) {
    return new FilterDirectory(directory) { // its outputs are streams, which Java does not close
      @Override
      public IndexInput openInput(String name, IOContext context) throws IOException {
        return call(() -> in.openInput(name, context));
      }

      @Override
      public void sync(Collection<String> names) throws IOException {
        Uninterrupted.run(() -> in.sync(names));
      }

      @Override
      public void syncMetaData() throws IOException {
        Uninterrupted.run(in::syncMetaData);
      }
    };
  }
}
