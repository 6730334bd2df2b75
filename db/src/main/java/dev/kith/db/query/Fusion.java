package dev.kith.db.query;

import dev.kith.core.metric.Metric.ScoreKind;
import dev.kith.db.point.PointId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes one similarity of the ranks and scores that a point has in several lists. A point that no
 * list has is no hit; ties go to the smaller id. Any function may serve.
 */
@FunctionalInterface
public interface Fusion {

  /**
   * One query's hits.
   *
   * @param kind whether its scores are distances or similarities
   * @param hits best first
   */
  record Ranking(ScoreKind kind, List<Ranked> hits) {}

  /** A point and its score in a list. */
  record Ranked(PointId id, double score) {}

  /** A finite similarity for every point that is to be a hit; larger is better. */
  Map<PointId, Double> fuse(List<Ranking> rankings);

  /**
   * Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009) with their constant 60: a
   * point scores the sum of {@code 1 / (60 + rank)} over the lists that have it, ranks from 1.
   */
  static Fusion rrf() {
    return rrf(60);
  }

  /** The same with another constant, 0 or more. */
  static Fusion rrf(double constant) {
    if (!(constant >= 0) || constant == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException("the constant must be 0 or more: " + constant);
    }
    return rankings -> {
      var sums = new HashMap<PointId, Double>();
      for (var ranking : rankings) {
        int rank = 1;
        for (var hit : ranking.hits()) {
          sums.merge(hit.id(), 1 / (constant + rank++), Double::sum);
        }
      }
      return sums;
    };
  }

  /**
   * The weighted sum of scores, each list's first brought to 0 (its worst hit) to 1 (its best); a
   * list that lacks the point adds 0, and one whose scores are all equal adds its whole weight.
   */
  static Fusion weighted(double... weights) {
    var copy = weights.clone();
    for (double weight : copy) {
      if (!Double.isFinite(weight)) {
        throw new IllegalArgumentException("a weight must be a finite number: " + weight);
      }
    }
    return rankings -> {
      if (rankings.size() != copy.length) {
        throw new IllegalArgumentException(
            "a fusion needs a weight for each query: queries=%d, weights=%d"
                .formatted(rankings.size(), copy.length));
      }
      var sums = new HashMap<PointId, Double>();
      for (int i = 0; i < copy.length; i++) {
        var hits = rankings.get(i).hits();
        if (hits.isEmpty()) {
          continue;
        }
        double best = hits.getFirst().score();
        double worst = hits.getLast().score();
        for (var hit : hits) {
          double scaled = best == worst ? 1 : (hit.score() - worst) / (best - worst);
          sums.merge(hit.id(), copy[i] * scaled, Double::sum);
        }
      }
      return sums;
    };
  }
}
