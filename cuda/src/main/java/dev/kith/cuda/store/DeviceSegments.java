package dev.kith.cuda.store;

import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.driver.CudaException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The segments that storage has open, so that every store lets go of what it holds of one that is
 * closed. Safe for many threads.
 */
public final class DeviceSegments {
  private static final System.Logger LOG = System.getLogger(DeviceSegments.class.getName());
  private static final IdentityHashMap<Object, List<VectorSource>> SEGMENTS =
      new IdentityHashMap<>();

  /** Stores live as long as their GPUs, which are for ever but in tests. */
  private static final Set<DeviceStore> STORES =
      Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

  private static final ExecutorService FREER = freer();

  private DeviceSegments() {}

  /** One thread, which ends when there is nothing to do and keeps nothing of its first caller. */
  private static ExecutorService freer() {
    var factory =
        Thread.ofPlatform().name("kith-free").daemon().inheritInheritableThreadLocals(false);
    var freer =
        new ThreadPoolExecutor(
            1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory.factory());
    freer.allowCoreThreadTimeOut(true);
    return freer;
  }

  static void add(DeviceStore store) {
    STORES.add(store);
  }

  /** A segment has these rows, until it is gone. */
  public static void appeared(Object key, VectorSource rows) {
    synchronized (SEGMENTS) {
      SEGMENTS.computeIfAbsent(key, _ -> new ArrayList<>()).add(rows);
    }
  }

  /**
   * Has every copy of the segment's rows freed, by a thread of its own: the device frees memory
   * when it has done what is under way, and the caller may hold a lock that others wait for.
   */
  public static void gone(Object key) {
    List<VectorSource> going;
    synchronized (SEGMENTS) {
      going = SEGMENTS.remove(key);
    }
    if (going == null) {
      return;
    }
    List<DeviceStore> stores;
    synchronized (STORES) {
      stores = new ArrayList<>(STORES);
    }
    for (var store : stores) {
      going.forEach(rows -> FREER.execute(() -> free(store, rows)));
    }
  }

  /** Logs a failure, for nobody waits to be told; the next are freed all the same. */
  private static void free(DeviceStore store, VectorSource rows) {
    try {
      store.gone(rows);
    } catch (CudaException e) {
      LOG.log(Level.WARNING, "a closed segment's copy on the device was not freed", e);
    }
  }

  /** Returns when the copies of all segments that went before are freed. */
  public static void awaitFreed() {
    CompletableFuture.runAsync(() -> {}, FREER).join();
  }
}
