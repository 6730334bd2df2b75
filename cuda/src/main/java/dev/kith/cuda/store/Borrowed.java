package dev.kith.cuda.store;

import dev.kith.cuda.memory.DevicePart;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A part of a source that stays on the device until this is closed, which gives it back to the
 * store; once.
 *
 * @param <T> what it is
 */
public final class Borrowed<T extends DevicePart> implements AutoCloseable {
  private final StoredPart<T> from;
  private final T part;
  private final AtomicBoolean returned = new AtomicBoolean();

  Borrowed(StoredPart<T> from, T part) {
    this.from = from;
    this.part = part;
  }

  /** What was borrowed; not to be used once this is closed. */
  public T part() {
    return part;
  }

  @Override
  public void close() {
    if (!returned.getAndSet(true)) {
      from.takeBack();
    }
  }
}
