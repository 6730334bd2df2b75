package dev.kith.db.durability;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The collection's files are another writer's now: its lock was dropped, or its folder moved or
 * removed. Nothing more is acknowledged or written here; what was acknowledged before is read by
 * the other writer.
 */
public final class WriterReplacedException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * Of a lock.
   *
   * @param lock the collection's lock file
   * @param missing the file that would be there if this writer were in charge
   */
  public WriterReplacedException(Path lock, Path missing) {
    super(
        "another writer has taken the collection over, or its folder was moved or removed (lock=%s, missing=%s); let one process write it, and let nothing else in that process read its lock file"
            .formatted(lock, missing));
  }
}
