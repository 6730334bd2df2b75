package dev.kith.db.store;

import dev.kith.db.point.PointId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/**
 * Locks on ids that are being written. A batch locks all of its ids, each in the order of ids, so
 * that batches never wait in a circle; batches without a common id never wait for each other.
 */
final class IdLocks {
  private final ConcurrentHashMap<PointId, CountDownLatch> held = new ConcurrentHashMap<>();

  /** Ids that are locked until it is closed. */
  final class Held implements AutoCloseable {
    private final CountDownLatch released = new CountDownLatch(1);
    private final Collection<PointId> ids = new ArrayList<>();

    private void lock(PointId id) {
      boolean interrupted = false;
      for (var other = held.putIfAbsent(id, released);
          other != null;
          other = held.putIfAbsent(id, released)) {
        try {
          other.await();
        } catch (InterruptedException e) {
          interrupted = true; // the other's write ends soon, whatever the caller is told meanwhile
        }
      }
      ids.add(id);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      ids.forEach(held::remove);
      released.countDown();
    }
  }

  Held lock(Collection<PointId> ids) {
    var locked = new Held();
    try {
      for (var id : ids.size() == 1 ? ids : new TreeSet<>(ids)) {
        locked.lock(id);
      }
      return locked;
    } catch (Throwable e) {
      locked.close();
      throw e;
    }
  }
}
