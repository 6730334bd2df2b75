package dev.kith.db.store;

import java.io.Closeable;
import java.io.IOException;
import org.apache.lucene.index.DirectoryReader;

/** Where a collection's points are read from. */
public interface Storage extends Closeable {

  /** What the collection is at this moment. */
  Description description();

  /**
   * A reader of this moment, to be given back by {@code decRef}.
   *
   * @throws org.apache.lucene.store.AlreadyClosedException if the storage is closed
   */
  DirectoryReader acquire() throws IOException;

  /** The same, where a write may not be missed: the refresh interval does not count. */
  default DirectoryReader acquireNewest() throws IOException {
    return acquire();
  }

  /** Whether readers lack acknowledged writes until the collection is opened again. */
  boolean isStale();

  /** Bytes of all files, or of memory if there are none. */
  long bytes() throws IOException;
}
