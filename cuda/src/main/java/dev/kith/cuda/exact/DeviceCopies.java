package dev.kith.cuda.exact;

import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.driver.CudaException;
import java.lang.System.Logger.Level;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Which searches may hold copies of which segments' rows. Safe for many threads. */
public final class DeviceCopies {
  private static final System.Logger LOG = System.getLogger(DeviceCopies.class.getName());
  private static final IdentityHashMap<Object, List<VectorSource>> SEGMENTS =
      new IdentityHashMap<>();
  private static final List<WeakReference<CudaExactSearch>> SEARCHES = new ArrayList<>();

  private static final ExecutorService FREER = freer();

  private DeviceCopies() {}

  /** Its one thread ends when there is nothing to do, and keeps nothing of who asked first. */
  private static ExecutorService freer() {
    var factory =
        Thread.ofPlatform().name("kith-free").daemon().inheritInheritableThreadLocals(false);
    var freer =
        new ThreadPoolExecutor(
            1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory.factory());
    freer.allowCoreThreadTimeOut(true);
    return freer;
  }

  /** Remembers a search, as long as others do. */
  public static void add(CudaExactSearch search) {
    synchronized (SEARCHES) {
      SEARCHES.removeIf(reference -> reference.get() == null);
      SEARCHES.add(new WeakReference<>(search));
    }
  }

  /** A segment has these rows, until it is gone. */
  public static void appeared(Object key, VectorSource rows) {
    synchronized (SEGMENTS) {
      SEGMENTS.computeIfAbsent(key, _ -> new ArrayList<>()).add(rows);
    }
  }

  /**
   * Has every copy of the segment's rows freed, by a thread of its own: the device frees memory
   * when it has done what is under way, and who tells may hold a lock that others wait for.
   */
  public static void gone(Object key) {
    List<VectorSource> going;
    synchronized (SEGMENTS) {
      going = SEGMENTS.remove(key);
    }
    if (going == null) {
      return;
    }
    var holders = new ArrayList<CudaExactSearch>();
    synchronized (SEARCHES) {
      for (var reference : SEARCHES) {
        var search = reference.get();
        if (search != null && going.stream().anyMatch(search::isOf)) {
          holders.add(search);
        }
      }
    }
    holders.forEach(search -> FREER.execute(() -> free(search)));
  }

  /** Nobody waits who could be told of a failure; the next are freed all the same. */
  private static void free(CudaExactSearch search) {
    try {
      search.drop();
    } catch (CudaException e) {
      LOG.log(Level.WARNING, "a closed segment's copy on the device was not freed", e);
    }
  }

  /** Returns when the copies of all segments that went before are freed. */
  public static void awaitFreed() {
    CompletableFuture.runAsync(() -> {}, FREER).join();
  }
}
