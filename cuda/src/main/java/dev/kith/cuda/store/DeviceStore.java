package dev.kith.cuda.store;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.memory.DevicePart;
import dev.kith.cuda.memory.GpuBuffer;
import java.lang.System.Logger.Level;
import java.lang.ref.Cleaner;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What one GPU holds of the sources that are searched on it: rows, codes, whatever else a search
 * needs, each loaded once and lent to all searches of that source. Safe for many threads.
 *
 * <p>A part stays until one of the following happens, and then goes as soon as nobody borrows it:
 *
 * <ul>
 *   <li>the ledger needs its room, and it was used longest ago;
 *   <li>storage closes the source ({@link #gone}), or a search finds it closed ({@link #release});
 *   <li>nobody holds the source any more: the store does not.
 * </ul>
 *
 * <p><b>Implementation notes.</b> Sources are told apart by identity, as a source may compare its
 * rows for equality. They are the keys of a map through weak references, and a cleaner empties the
 * place of one that was collected; a part therefore must not hold its source. The places stay when
 * a part is evicted: all that is kept of it then is an object of some words. Codes borrow their
 * rows for as long as they are there, so that the ledger, which asks the parts used longest ago
 * first, gets the codes before it can get the rows: those can be coded anew on the device, while
 * rows come over the link.
 */
public final class DeviceStore {
  private static final System.Logger LOG = System.getLogger(DeviceStore.class.getName());
  private static final Cleaner CLEANER = Cleaner.create();

  private final Gpu gpu;
  private final Map<Object, Place> places = new ConcurrentHashMap<>();

  private DeviceStore(Gpu gpu) {
    this.gpu = gpu;
    DeviceSegments.add(this);
  }

  /** The store of a GPU. */
  public static DeviceStore of(Gpu gpu) {
    return gpu.own(DeviceStore.class, DeviceStore::new);
  }

  /** A source, as a key, for as long as others hold it. */
  private static final class Key extends WeakReference<VectorSource> {
    private final int hash;

    Key(VectorSource source) {
      super(source);
      this.hash = System.identityHashCode(source);
    }

    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    public boolean equals(Object other) {
      return this == other;
    }
  }

  /** Finds the key of a source. */
  private static final class Sought {
    private final VectorSource source;

    Sought(VectorSource source) {
      this.source = source;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(source);
    }

    /** Called by the map, with its own keys. */
    @Override
    @SuppressWarnings({"EqualsUsingHashCode", "ReferenceEquality"})
    public boolean equals(Object other) {
      return other instanceof Key key && key.refersTo(source);
    }
  }

  /** What is there of one source. */
  private final class Place {
    private final Map<PartName<?>, StoredPart<?>> parts = new ConcurrentHashMap<>();
    private final Map<Metric, Centre> centres = new ConcurrentHashMap<>();
    private volatile boolean gone;

    /** The part of that name, which has that type. */
    @SuppressWarnings("unchecked")
    <T extends DevicePart> StoredPart<T> part(PartName<T> name) {
      var known = parts.get(name);
      if (known == null) { // else nothing is locked
        known = parts.computeIfAbsent(name, _ -> new StoredPart<T>(gpu.ledger(), () -> gone));
      }
      return (StoredPart<T>) known;
    }

    void release() {
      CudaException failed = null;
      for (var part : parts.values()) {
        try {
          part.release();
        } catch (CudaException e) { // the others go all the same
          failed = e;
        }
      }
      if (failed != null) {
        throw failed;
      }
    }

    long bytes() {
      return parts.values().stream().mapToLong(StoredPart::bytes).sum();
    }
  }

  private @Nullable Place known(VectorSource source) {
    return places.get(new Sought(source));
  }

  private Place place(VectorSource source) {
    var known = known(source);
    return known == null ? newPlace(source) : known;
  }

  private synchronized Place newPlace(VectorSource source) {
    var known = known(source);
    if (known == null) {
      var key = new Key(source);
      known = new Place();
      places.put(key, known);
      CLEANER.register(source, () -> collected(key));
    }
    return known;
  }

  private void collected(Key key) {
    var place = places.remove(key);
    if (place != null) {
      try {
        place.gone = true;
        place.release();
      } catch (CudaException e) {
        LOG.log(Level.WARNING, "the device's copy of rows that nobody holds was not freed", e);
      }
    }
  }

  /** All rows of a source, as they are stored. */
  public Borrowed<GpuBuffer> rows(VectorSource source) {
    return borrow(source, PartName.ROWS, () -> gpu.loader().load(source));
  }

  /** The codes of a source's rows for a metric, and with them its rows. */
  public Borrowed<DeviceCodes> codes(VectorSource source, Metric metric, Centre centre) {
    return borrow(
        source,
        PartName.codes(metric, centre),
        () -> {
          var rows = rows(source);
          return DeviceCodes.of(gpu, rows.part(), rows::close, metric, centre);
        });
  }

  /**
   * Any part of a source.
   *
   * @param load makes it where it is not there; it may borrow other parts of the source, and must
   *     not hold the source
   * @throws dev.kith.cuda.memory.DeviceBudgetException if the device has no room for it
   */
  public <T extends DevicePart> Borrowed<T> borrow(
      VectorSource source, PartName<T> name, Supplier<T> load) {
    return place(source)
        .part(name)
        .borrow(
            () -> {
              DeviceSegments.awaitFreed(); // else what is about to go could leave no room
              return load.get();
            });
  }

  /** What a source without a shadow is best coded less of; looked for once. */
  public Centre centre(VectorSource source, Metric metric) {
    return place(source).centres.computeIfAbsent(metric, _ -> Centre.chosenFor(source, metric));
  }

  /** Bytes of all that is there of a source. */
  public long bytes(VectorSource source) {
    var place = known(source);
    return place == null ? 0 : place.bytes();
  }

  /**
   * Frees what is there of a source, what is borrowed when it comes back. A later search loads it
   * anew.
   */
  public void release(VectorSource source) {
    var place = known(source);
    if (place != null) {
      place.release();
    }
  }

  /**
   * Frees what is there of a source that will not be searched any more. A search that comes all the
   * same leaves nothing behind.
   */
  public void gone(VectorSource source) {
    var place = known(source);
    if (place != null) {
      place.gone = true;
      place.release();
    }
  }
}
