package dev.kith.db.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * The log could not be written and takes nothing more. The record may or may not be there when the
 * log is opened again; what was acknowledged is.
 */
public final class LogFailedException extends UncheckedIOException {
  private static final long serialVersionUID = 1;

  LogFailedException(Path file, IOException cause) {
    super(
        "a log must be written to go on: file=%s, cause=%s; acknowledged writes are safe, free space or mend the disk, then close the collection and open it again"
            .formatted(file, cause),
        cause);
  }
}
