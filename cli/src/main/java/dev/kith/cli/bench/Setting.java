package dev.kith.cli.bench;

import dev.kith.core.index.BatchingOptions;
import dev.kith.core.search.Effort;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.spec.ListSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One way in which an index is asked.
 *
 * @param batch queries handed over at once
 * @param clients threads that ask at once, or 0 if none but the measuring one
 * @param effort how hard each search tries
 */
record Setting(int batch, int clients, Effort effort) {
  /** Recall that is asked of an approximate index if nothing else is said. */
  private static final Effort USUAL = new Effort.Recall(0.95);

  /**
   * Efforts that an index is measured with.
   *
   * @param recalls recalls that were asked for
   * @param widths widths that were asked for; inverted lists, which have no beam, are not asked for
   *     them
   * @param probes numbers of lists that were asked for; graphs, which have none, are not asked for
   *     them
   * @param sweep widths or probes of a sweep, or none; an index that reads all of its codes has
   *     neither and is asked for recalls alone; an exact index, which has neither, is then asked
   *     once
   */
  static List<Effort> efforts(
      IndexSpec spec,
      List<Double> recalls,
      List<Integer> widths,
      List<Integer> probes,
      List<Integer> sweep) {
    boolean listed = spec instanceof ListSpec;
    boolean lists = spec instanceof ListSpec given && !given.sweeps();
    var efforts = new ArrayList<Effort>();
    recalls.forEach(recall -> efforts.add(new Effort.Recall(recall)));
    if (!listed) {
      widths.forEach(width -> efforts.add(new Effort.Beam(width)));
    }
    if (lists || spec.exact()) {
      probes.forEach(number -> efforts.add(new Effort.Probes(number)));
    }
    if (!spec.exact() && lists == listed) {
      sweep.forEach(step -> efforts.add(lists ? new Effort.Probes(step) : new Effort.Beam(step)));
    }
    if (efforts.isEmpty()) {
      efforts.add(spec.exact() ? new Effort.Exact() : USUAL);
    }
    return efforts.stream().distinct().toList();
  }

  /** Whether an effort was asked for. */
  boolean hasEffort() {
    return !(effort instanceof Effort.Exact);
  }

  /** What the document says of it. */
  Map<String, Number> params(@Nullable BatchingOptions limits) {
    var params = new LinkedHashMap<String, Number>();
    params.put("batch", batch);
    switch (effort) {
      case Effort.Exact() -> {} // asks for nothing
      case Effort.Recall(double target) -> params.put("recall", target);
      case Effort.Beam(int width) -> params.put("ef", width);
      case Effort.Probes(int lists) -> params.put("probes", lists);
    }
    if (clients > 0) {
      params.put("clients", clients);
      if (limits != null) {
        params.put("batchingMicros", Math.toIntExact(limits.latencyBound().toNanos() / 1000));
      }
    }
    return params;
  }
}
