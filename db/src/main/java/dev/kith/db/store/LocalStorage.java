package dev.kith.db.store;

import dev.kith.db.Kith;
import dev.kith.db.KithStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Databases in folders of this machine, and in memory. */
public final class LocalStorage implements KithStorage {

  /** For the service loader. */
  public LocalStorage() {}

  @Override
  public Kith open(Path folder) {
    try {
      Uninterrupted.runApart(() -> CollectionFolder.make(folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new LocalKith(folder, false);
  }

  @Override
  public Kith openReadOnly(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new UncheckedIOException(new NoSuchFileException(folder.toString()));
    }
    return new LocalKith(folder, true);
  }

  @Override
  public Kith inMemory() {
    return new LocalKith(null, false);
  }
}
