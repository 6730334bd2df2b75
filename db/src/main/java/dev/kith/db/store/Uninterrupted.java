package dev.kith.db.store;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Collection;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FilterDirectory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexInput;

/**
 * Work on files that a caller's interrupt must not end: Java closes a file under an interrupted
 * thread, and Lucene's writer takes that for a broken disk and ends all writes. The thread is
 * interrupted as before afterwards.
 */
final class Uninterrupted {
  private Uninterrupted() {}

  /** What can be begun anew when an interrupt ended it. */
  interface Work<T> {
    /** Does it. */
    T call() throws IOException;
  }

  /** Does the work, again if an interrupt comes meanwhile. */
  static <T> T call(Work<T> work) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        interrupted |= Thread.interrupted();
        try {
          return work.call();
        } catch (ClosedByInterruptException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
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
        boolean _ =
            call(
                () -> {
                  in.sync(names);
                  return true;
                });
      }

      @Override
      public void syncMetaData() throws IOException {
        boolean _ =
            call(
                () -> {
                  in.syncMetaData();
                  return true;
                });
      }
    };
  }
}
