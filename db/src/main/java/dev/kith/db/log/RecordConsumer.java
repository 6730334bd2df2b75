package dev.kith.db.log;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes the records of a log that is opened, in the order in which they were appended. */
@FunctionalInterface
public interface RecordConsumer {
  /**
   * Takes one record.
   *
   * @param generation the number of the file that holds it
   * @param offset where it begins there, in bytes
   * @param payload what was appended, little-endian, read-only; valid during the call
   */
  void accept(long generation, long offset, ByteBuffer payload) throws IOException;
}
