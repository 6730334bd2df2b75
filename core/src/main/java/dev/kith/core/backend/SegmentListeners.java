package dev.kith.core.backend;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.VectorSource;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Consumer;

/**
 * Passes news of segments to all listeners. The failure of one is logged, and neither the other
 * listeners nor the caller notice it. Safe for many threads.
 */
public final class SegmentListeners {
  private static final System.Logger LOG = System.getLogger(SegmentListeners.class.getName());

  private final List<SegmentListener> listeners;

  /** Creates the group of {@code listeners}. */
  public SegmentListeners(List<SegmentListener> listeners) {
    this.listeners = List.copyOf(listeners);
  }

  /** Listeners that the modules of this process provide, loaded once. */
  public static SegmentListeners installed() {
    return Installed.ALL;
  }

  private static final class Installed {
    private static final SegmentListeners ALL = load(SegmentListeners.class.getClassLoader());
  }

  /**
   * Loads the listeners visible to {@code loader}; one that cannot be loaded is logged and left
   * out.
   */
  static SegmentListeners load(ClassLoader loader) {
    var found = new ArrayList<SegmentListener>();
    var providers = ServiceLoader.load(SegmentListener.class, loader).iterator();
    while (true) {
      try {
        if (!providers.hasNext()) {
          return new SegmentListeners(found);
        }
        found.add(providers.next());
      } catch (ServiceConfigurationError e) {
        LOG.log(Level.WARNING, "a segment listener could not be loaded and is left out", e);
      }
    }
  }

  /** Calls {@link SegmentListener#appeared} of every listener. */
  public void appeared(Object key, String name, VectorSource rows, Metric metric) {
    tell("appeared", listener -> listener.appeared(key, name, rows, metric));
  }

  /** Calls {@link SegmentListener#gone} of every listener. */
  public void gone(Object key) {
    tell("was gone", listener -> listener.gone(key));
  }

  private void tell(String what, Consumer<SegmentListener> news) {
    for (var listener : listeners) {
      try {
        news.accept(listener);
      } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
        LOG.log(
            Level.WARNING,
            "segment listener %s failed when a segment %s; storage goes on without it"
                .formatted(listener.getClass().getName(), what),
            e);
      }
    }
  }
}
