package dev.kith.db.store;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Collection;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Predicate;
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

  /** Does the work, again if an interrupt ended it. */
  static <T> T call(Work<T> work) throws IOException {
    return call(work, Uninterrupted::isInterrupt);
  }

  /** Does the work, again if it failed for a reason that may be an interrupt. */
  private static <T> T call(Work<T> work, Predicate<Exception> again) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        interrupted |= Thread.interrupted();
        try {
          return work.call();
        } catch (IOException | ThreadInterruptedException e) {
          if (!again.test(e)) {
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

  /** Whether an interrupt caused it. */
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
    try {
      Thread.ofPlatform().name("kith-files").start(task);
    } catch (OutOfMemoryError e) { // no more threads: an interrupt is the smaller danger
      task.run();
    }
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
        // What Lucene throws where an interrupt ends a mapping does not name it as its cause.
        return call(
            () -> in.openInput(name, context),
            e -> isInterrupt(e) || Thread.currentThread().isInterrupted());
      }

      @Override
      public void sync(Collection<String> names) throws IOException {
        // Apart, since a force that failed must not be tried again: it may then lie.
        runApart(() -> in.sync(names));
      }

      @Override
      public void syncMetaData() throws IOException {
        runApart(in::syncMetaData);
      }
    };
  }
}
