package dev.kith.core.vector;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Receiver of bytes, piece by piece, such as a {@link WholeFile}. */
@FunctionalInterface
public interface ByteSink {
  /** Takes the next bytes. */
  void append(MemorySegment bytes) throws IOException;
}
