package dev.kith.cuda.exact;

import dev.kith.cuda.driver.Graph;
import dev.kith.cuda.driver.Stream;
import dev.kith.cuda.store.DeviceCodes;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import org.jspecify.annotations.Nullable;

/**
 * Launches of searches of few queries, recorded as graphs when a search of the same shape comes the
 * second time: the first time kernels may still be loaded, which nothing may be recorded across.
 */
final class Graphs {
  /** Graphs that are kept. */
  private static final int MOST = 32;

  /** Shapes of searches that are remembered: of those that come again there will be a graph. */
  private static final int SEEN = 4 * MOST;

  /**
   * A shape, by identity of the codes: what was recorded of those that are gone is never asked for.
   *
   * @param filtered rows that a filter lets through, -1 if there is none: one graph serves all
   *     filters that let that number through
   * @param limited whether queries have limits
   * @param wgmma whether Hopper's products were allowed
   */
  record Key(DeviceCodes codes, int count, int k, long filtered, boolean limited, boolean wgmma) {}

  private final Stream stream;
  private final LinkedHashMap<Key, Graph> graphs = new LinkedHashMap<>(16, 0.75f, true);
  private final LinkedHashSet<Key> seen = new LinkedHashSet<>();

  Graphs(Stream stream) {
    this.stream = stream;
  }

  /**
   * The graph of a shape, or null the first time.
   *
   * @param launches queues what the graph consists of
   */
  @Nullable Graph of(Key key, Runnable launches) {
    boolean first = !seen.remove(key);
    seen.add(key); // now the last to be forgotten
    if (first) {
      if (seen.size() > SEEN) { // codes that are gone must not pile up
        seen.removeFirst();
      }
      return null;
    }
    var known = graphs.get(key);
    if (known == null) {
      stream.beginCapture();
      launches.run();
      known = stream.endCapture();
      if (graphs.size() == MOST) {
        graphs.pollFirstEntry().getValue().close();
      }
      graphs.put(key, known);
    }
    return known;
  }

  /** Drops all: the addresses that they know are not those of the next searches. */
  void clear() {
    graphs.values().forEach(Graph::close);
    graphs.clear();
    seen.clear();
  }
}
