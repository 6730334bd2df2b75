package dev.kith.cuda.memory;

import dev.kith.core.failure.Reaction;
import dev.kith.cuda.driver.Context;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.DeviceMemory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * All device memory of one context, kept below a budget. What can be loaded again is registered as
 * {@link Evictable}; when there is no room, such holders are asked to go, the one used longest ago
 * first. Safe for many threads.
 *
 * <p><b>Implementation notes.</b> The driver frees memory when it has done what is under way, which
 * may take as long as a search. So nothing is freed, and nobody is asked to go, under the lock of
 * the books: to count, to note a use and to give memory back never waits for the device. Taking is
 * another matter: takers go one at a time, since two that each evict for themselves could take each
 * other's room, and both fail where one after the other would succeed. Bytes count as used until
 * they are free for the driver too; a taker that finds no room waits for frees that are under way
 * before it asks anyone to go.
 */
public final class DeviceLedger {
  /** Holds memory that can be loaded again. */
  public interface Evictable {
    /**
     * Gives its memory back to the ledger, if nobody uses it now. Called while no other memory is
     * taken, so it must not take any, nor wait for a thread that does.
     *
     * @return whether it did
     */
    boolean evict();
  }

  private final Context context;
  private final long budget;

  /** Held while memory is taken; asked for before the lock of this. */
  private final ReentrantLock taking = new ReentrantLock(true);

  // Under the lock of this.
  private final LinkedHashSet<Evictable> evictables = new LinkedHashSet<>();
  private final Set<DeviceMemory> held = Collections.newSetFromMap(new IdentityHashMap<>());
  private long used;
  private int freeing;

  /**
   * Holds nothing yet.
   *
   * @param budget bytes, more than 0
   */
  public DeviceLedger(Context context, long budget) {
    if (budget < 1) {
      throw new IllegalArgumentException(
          "a budget of device memory must be more than 0 bytes: " + budget);
    }
    this.context = context;
    this.budget = budget;
  }

  /** Bytes that may be held. */
  public long budget() {
    return budget;
  }

  /** Bytes that are held, or are being freed. */
  public synchronized long used() {
    return used;
  }

  /** How many can be asked to go. */
  public synchronized int evictables() {
    return evictables.size();
  }

  /**
   * Memory of that size, for as long as its holder wants; {@link #give} takes it back.
   *
   * @param what it is for, for messages
   * @throws DeviceBudgetException if there is no room even without those that can go
   * @throws CudaException if the device fails otherwise
   */
  public DeviceMemory take(long bytes, String what) {
    taking.lock();
    try {
      while (!fits(bytes)) {
        if (bytes > budget || !evictOne()) {
          throw new DeviceBudgetException(
              Reaction.CONFIGURE,
              "the device's memory must hold what is asked: for=%s, asked=%d bytes, in use=%d, budget=%d; search fewer rows at once or raise -Dkith.cuda.budget"
                  .formatted(what, bytes, used(), budget));
        }
      }
      while (true) {
        try {
          var memory = context.allocate(bytes);
          synchronized (this) {
            used += memory.byteSize();
            held.add(memory);
          }
          return memory;
        } catch (CudaException e) {
          if (!e.isOutOfMemory()) {
            throw e;
          }
          if (!evictOne()) {
            throw new DeviceBudgetException(
                Reaction.RETRY,
                "the device is out of memory, which others use too: for=%s, asked=%d bytes, held here=%d, budget=%d, free=%d; free some or lower -Dkith.cuda.budget"
                    .formatted(what, bytes, used(), budget, context.freeBytes()));
          }
        }
      }
    } finally {
      taking.unlock();
    }
  }

  /** Whether there is room, if need be once all that is being freed is free. */
  private synchronized boolean fits(long bytes) {
    boolean interrupted = false;
    while (bytes > budget - used && freeing > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true; // a free ends by itself
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return bytes <= budget - used;
  }

  private boolean evictOne() {
    List<Evictable> asked;
    synchronized (this) {
      asked = new ArrayList<>(evictables);
    }
    for (var each : asked) {
      if (each.evict()) {
        forget(each);
        return true;
      }
    }
    return false;
  }

  /** Frees memory that {@link #take} gave; does nothing the second time. */
  public void give(DeviceMemory memory) {
    synchronized (this) {
      if (!held.remove(memory)) {
        return;
      }
      freeing++;
    }
    try {
      memory.close();
    } finally {
      synchronized (this) {
        freeing--;
        used -= memory.byteSize();
        notifyAll();
      }
    }
  }

  /** From now on it may be asked to go; it was used just now. */
  public synchronized void used(Evictable evictable) {
    evictables.remove(evictable);
    evictables.add(evictable);
  }

  /** It holds nothing any more. */
  public synchronized void forget(Evictable evictable) {
    evictables.remove(evictable);
  }
}
