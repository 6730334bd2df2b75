package dev.kith.cuda.memory;

import dev.kith.cuda.driver.Context;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.DeviceMemory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * All device memory of one context, kept below a budget. Who can do without what it holds registers
 * as a {@link Resident}; when there is no room, those are asked to go, the one used longest ago
 * first. Safe for many threads.
 */
public final class DeviceLedger {
  /** Holds memory that can be loaded again. */
  public interface Resident {
    /**
     * Gives its memory back to the ledger, if nobody uses it now.
     *
     * @return whether it did
     */
    boolean evict();
  }

  private final Context context;
  private final long budget;
  private final LinkedHashSet<Resident> residents = new LinkedHashSet<>();
  private final Set<DeviceMemory> held = Collections.newSetFromMap(new IdentityHashMap<>());
  private long used;

  /**
   * Of what the context allocates.
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

  /** Bytes that are held. */
  public synchronized long used() {
    return used;
  }

  /** How many can be asked to go. */
  public synchronized int residents() {
    return residents.size();
  }

  /**
   * Memory of that size, for as long as its holder wants; {@link #give} takes it back.
   *
   * @param what it is for, for messages
   * @throws DeviceBudgetException if there is no room even without those that can go
   * @throws CudaException if the device fails otherwise
   */
  public synchronized DeviceMemory take(long bytes, String what) {
    while (bytes > budget - used) {
      if (bytes > budget || !evictOne()) {
        throw new DeviceBudgetException(
            "the device's memory must hold what is asked: for=%s, asked=%d bytes, in use=%d, budget=%d; search fewer rows at once or raise -Dkith.cuda.budget"
                .formatted(what, bytes, used, budget));
      }
    }
    while (true) {
      try {
        var memory = context.allocate(bytes);
        used += memory.byteSize();
        held.add(memory);
        return memory;
      } catch (CudaException e) {
        if (!e.isOutOfMemory()) {
          throw e;
        }
        if (!evictOne()) {
          throw new DeviceBudgetException(
              "the device is out of memory, which others use too: for=%s, asked=%d bytes, held here=%d, budget=%d, free=%d; free some or lower -Dkith.cuda.budget"
                  .formatted(what, bytes, used, budget, context.freeBytes()));
        }
      }
    }
  }

  private boolean evictOne() {
    for (var resident : new ArrayList<>(residents)) {
      if (resident.evict()) {
        residents.remove(resident);
        return true;
      }
    }
    return false;
  }

  /** Frees memory that {@link #take} gave; does nothing the second time. */
  public synchronized void give(DeviceMemory memory) {
    if (held.remove(memory)) {
      used -= memory.byteSize();
      memory.close();
    }
  }

  /** From now on it may be asked to go; it was used just now. */
  public synchronized void used(Resident resident) {
    residents.remove(resident);
    residents.add(resident);
  }

  /** It holds nothing any more. */
  public synchronized void forget(Resident resident) {
    residents.remove(resident);
  }
}
