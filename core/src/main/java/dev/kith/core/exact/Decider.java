package dev.kith.core.exact;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.Rescorer;
import dev.kith.core.search.TopK;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Decision of a query: the rows that no worker could exclude get their canonical keys, in ascending
 * order of their lower bounds, until a bound exceeds the {@code k}-th best key. Belongs to one
 * worker: not safe for many threads.
 */
public final class Decider {
  private final VectorSource rows;
  private final Metric metric;
  private final Rescorer rescorer;
  private final TopK best = new TopK(1);
  private final TopK order = new TopK(1);
  private long[] ordered = new long[32];
  private double[] lowers = new double[32];

  /** Creates a decider whose keys {@code rescorer} computes and counts. */
  public Decider(VectorSource rows, Metric metric, Rescorer rescorer) {
    this.rows = rows;
    this.metric = metric;
    this.rescorer = rescorer;
  }

  /**
   * Decides one query.
   *
   * @param workers number of workers that looked for candidates
   * @param found the candidates of each
   * @return the {@code k} nearest of the candidates, or null if a worker's list gave up
   * @throws VectorDataException if a key contradicts its bound
   */
  public @Nullable Neighbors decide(
      float[] query, int k, int workers, IntFunction<Candidates> found) {
    double tau = Double.POSITIVE_INFINITY;
    int waiting = 0;
    best.reset(k);
    for (int w = 0; w < workers; w++) {
      var some = found.apply(w);
      if (some.gaveUp()) {
        return null;
      }
      some.settledTo(best);
      tau = Math.min(tau, some.tau());
      waiting = Math.addExact(waiting, some.size());
    }
    order.reset(Math.max(waiting, 1));
    for (int w = 0; w < workers; w++) {
      found.apply(w).waitingTo(order, tau);
    }
    int n = order.size();
    if (n > ordered.length) {
      ordered = new long[n];
      lowers = new double[n];
    }
    order.drain(ordered, lowers);
    for (int i = 0; i < n && !(lowers[i] > best.bound()); i++) {
      double key = rescorer.key(query, ordered[i]);
      if (key < lowers[i]) {
        throw new VectorDataException(
            "a row's key must not be below its proved bound: source=%s, row=%d, bound=%s, key=%s; the rows were changed or their shadow is damaged: verify it, or delete it and build it again"
                .formatted(rows.name(), ordered[i], lowers[i], key));
      }
      best.offer(key, ordered[i]);
    }
    return best.drain(metric);
  }
}
