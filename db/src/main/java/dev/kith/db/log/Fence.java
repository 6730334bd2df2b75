package dev.kith.db.log;

import java.io.IOException;

/** Tells a writer whether its files are still its own. */
@FunctionalInterface
public interface Fence {
  /** Keeps nobody out. */
  Fence NONE = () -> {};

  /**
   * Returns if they are; asked by many threads, and cheap.
   *
   * @throws dev.kith.db.durability.WriterReplacedException if another writer has them now
   */
  void require() throws IOException;
}
