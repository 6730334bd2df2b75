package dev.kith.db;

import java.nio.file.Path;

/**
 * Opens databases. {@link Kith#open} and its sisters ask the one that {@link
 * java.util.ServiceLoader} finds, so that what users hold knows no storage.
 */
public interface KithStorage {

  /** Opens a folder, which is made if it is not there. */
  Kith open(Path folder);

  /** Opens a folder to read, also while another process writes it. */
  Kith openReadOnly(Path folder);

  /** A database that is gone when it is closed. */
  Kith inMemory();
}
