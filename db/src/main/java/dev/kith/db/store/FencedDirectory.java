package dev.kith.db.store;

import java.io.IOException;
import java.util.Collection;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FilterDirectory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;

/**
 * A directory that is changed by the writer in charge alone. One that was replaced can still read;
 * its attempts to write fail, and its deletions are left undone, since the file of that name may be
 * the other writer's.
 */
final class FencedDirectory extends FilterDirectory {
  private final WriterLock lock;

  FencedDirectory(Directory in, WriterLock lock) {
    super(in);
    this.lock = lock;
  }

  @Override
  public IndexOutput createOutput(String name, IOContext context) throws IOException {
    lock.require();
    return in.createOutput(name, context);
  }

  @Override
  public IndexOutput createTempOutput(String prefix, String suffix, IOContext context)
      throws IOException {
    lock.require();
    return in.createTempOutput(prefix, suffix, context);
  }

  @Override
  public void deleteFile(String name) throws IOException {
    if (lock.isHeld()) {
      in.deleteFile(name);
    }
  }

  @Override
  public void rename(String source, String dest) throws IOException {
    lock.require();
    in.rename(source, dest);
  }

  @Override
  public void sync(Collection<String> names) throws IOException {
    lock.require();
    in.sync(names);
  }

  @Override
  public void syncMetaData() throws IOException {
    lock.require();
    in.syncMetaData();
  }
}
