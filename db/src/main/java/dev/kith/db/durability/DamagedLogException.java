package dev.kith.db.durability;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;
import java.nio.file.Path;

/** What was acknowledged cannot be read from the log any more. Nothing was changed on the disk. */
public final class DamagedLogException extends KithException {
  private static final long serialVersionUID = 1;

  /** What must hold, where, and what is there instead. */
  public DamagedLogException(String rule, Path file, long offset, Object expected, Object found) {
    super(
        Reaction.RESTORE,
        "%s: file=%s, offset=%d, expected=%s, found=%s; restore the folder from a backup: opened without these bytes, the collection would lack acknowledged writes"
            .formatted(rule, file, offset, expected, found));
  }
}
