package dev.kith.core.exact;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.Rescorer;
import dev.kith.core.search.TopK;
import dev.kith.core.vector.VectorDataException;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Decision of a query: the rows that no worker could exclude get their canonical keys, in ascending
 * order of their lower bounds, until a bound exceeds the {@code k}-th best key. Belongs to one
 * worker: not safe for many threads.
 */
public final class Decider {
  private final Metric metric;
  private final Rescorer rescorer;
  private final TopK best = new TopK(1);
  private final TopK order = new TopK(1);
  private long[] ordered = new long[32];
  private double[] lowers = new double[32];

  /** Creates a decider whose keys {@code rescorer} computes and counts. */
  public Decider(Metric metric, Rescorer rescorer) {
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
        throw rescorer.contradiction(ordered[i], lowers[i], key);
      }
      best.offer(key, ordered[i]);
    }
    var answer = best.drain(metric);
    for (int w = 0; w < workers; w++) {
      if (found.apply(w).overruled()) {
        return keyed(answer, k, workers, found);
      }
    }
    return answer;
  }

  /** Ranks rows by their canonical keys that were ranked by what was guessed of some. */
  private Neighbors keyed(Neighbors answer, int k, int workers, IntFunction<Candidates> found) {
    best.reset(k);
    for (int i = 0; i < answer.size(); i++) {
      double key = answer.key(i);
      for (int w = 0; w < workers; w++) {
        key = Math.min(key, found.apply(w).keyOf(answer.row(i), key));
      }
      best.offer(key, answer.row(i));
    }
    return best.drain(metric);
  }
}
