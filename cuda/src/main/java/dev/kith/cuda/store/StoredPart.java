package dev.kith.cuda.store;

import dev.kith.cuda.memory.DeviceLedger;
import dev.kith.cuda.memory.DevicePart;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A place of the store for one part of one source: empty, or with the part and a count of those
 * that borrow it. Safe for many threads.
 *
 * <p>Loading takes device memory, for which the ledger may ask any part to go, this one included:
 * so loading holds a lock of its own, and the lock of the fields is held for no longer than it
 * takes to read or write them.
 */
final class StoredPart<T extends DevicePart> implements DeviceLedger.Evictable {
  private final DeviceLedger ledger;

  /** Whether the source is gone: what is loaded then leaves with its last borrower. */
  private final BooleanSupplier passing;

  private final ReentrantLock loading = new ReentrantLock();

  // Under the lock of this.
  private @Nullable T part;
  private int borrowers;

  /** Whether the part goes as soon as nobody borrows it. */
  private boolean leaving;

  StoredPart(DeviceLedger ledger, BooleanSupplier passing) {
    this.ledger = ledger;
    this.passing = passing;
  }

  /**
   * Lends the part.
   *
   * @param load makes it, if it is not there; one thread does, others that want it wait
   */
  Borrowed<T> borrow(Supplier<T> load) {
    T lent = lend();
    if (lent == null) {
      loading.lock();
      try {
        lent = lend();
        if (lent == null) {
          lent = load.get();
          put(lent);
        }
      } finally {
        loading.unlock();
      }
    }
    ledger.used(this);
    return new Borrowed<>(this, lent);
  }

  private synchronized @Nullable T lend() {
    if (part != null) {
      borrowers++;
    }
    return part;
  }

  private synchronized void put(T loaded) {
    part = loaded;
    borrowers = 1;
    leaving = passing.getAsBoolean();
  }

  /** One borrower less. */
  void takeBack() {
    close(returned());
  }

  private synchronized @Nullable T returned() {
    borrowers--;
    return leaving && borrowers == 0 ? emptied() : null;
  }

  /** Frees the part, once nobody borrows it. */
  void release() {
    close(released());
  }

  private synchronized @Nullable T released() {
    leaving = true;
    return borrowers == 0 ? emptied() : null;
  }

  @Override
  public boolean evict() {
    T going;
    synchronized (this) {
      going = borrowers == 0 ? emptied() : null;
    }
    if (going != null) {
      going.close();
    }
    return going != null;
  }

  private @Nullable T emptied() {
    T going = part;
    part = null;
    return going;
  }

  private void close(@Nullable T going) {
    if (going != null) {
      ledger.forget(this);
      going.close();
    }
  }

  synchronized long bytes() {
    return part == null ? 0 : part.bytes();
  }
}
