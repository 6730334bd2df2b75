package dev.kith.lab.profile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Writer of files that appear under their name only when they are complete. Unlike core's {@code
 * WholeFile} they are written by libraries that want a name, and need not survive a power cut.
 */
final class WholeOrNot {
  private WholeOrNot() {}

  /** Function that writes to the path that it is given. */
  interface Writing {
    void to(Path partial) throws IOException;
  }

  static void write(Path file, Writing writing) throws IOException {
    String unique = Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), 36);
    var partial = file.resolveSibling(file.getFileName() + "." + unique + ".partial");
    try {
      writing.to(partial);
      Files.move(
          partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(partial);
    }
  }
}
