package dev.kith.cuda.exact;

import dev.kith.core.vector.VectorSource;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/** Which searches may hold copies of which segments' rows. Safe for many threads. */
public final class DeviceCopies {
  private static final IdentityHashMap<Object, List<VectorSource>> SEGMENTS =
      new IdentityHashMap<>();
  private static final List<WeakReference<CudaExactSearch>> SEARCHES = new ArrayList<>();

  private DeviceCopies() {}

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

  /** Frees every copy of the segment's rows. */
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
    holders.forEach(CudaExactSearch::drop);
  }
}
