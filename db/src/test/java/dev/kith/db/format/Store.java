package dev.kith.db.format;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSLockFactory;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.store.NIOFSDirectory;

/** Where an index may lie. */
enum Store {
  HEAP,
  FILES,
  MAPPED,
  /** Mapped in chunks so small that hardly any field lies in one. */
  CHUNKED;

  Directory open(Path folder) throws IOException {
    return switch (this) {
      case HEAP -> new ByteBuffersDirectory();
      case FILES -> new NIOFSDirectory(folder);
      case MAPPED -> new MMapDirectory(folder, FSLockFactory.getDefault(), 1L << 42);
      case CHUNKED -> new MMapDirectory(folder, FSLockFactory.getDefault(), 1L << 10);
    };
  }
}
