package dev.kith.db.run;

import dev.kith.db.query.Query;
import dev.kith.db.query.QueryReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What a query's source ranked.
 *
 * @param best in the order of {@link Ranked}
 * @param scale of their keys
 * @param report what served it
 */
record Ranking(List<Ranked> best, Scale scale, QueryReport report) {

  /** Of what a ranker found. */
  static Ranking of(Found found, Scale scale) {
    return new Ranking(found.best(), scale, found.report());
  }

  /** What is left by a query's threshold, offset and limit. */
  List<Ranked> cut(Query query) {
    var kept = new ArrayList<Ranked>();
    for (var ranked : best) {
      if (scale.isWorse(scale.score(ranked.key()), query.threshold())) {
        break;
      }
      kept.add(ranked);
    }
    int from = Math.min(query.offset(), kept.size());
    return kept.subList(from, (int) Math.min((long) from + query.limit(), kept.size()));
  }

  /** The same without some points. */
  Ranking without(Set<?> ids) {
    return new Ranking(
        best.stream().filter(ranked -> !ids.contains(ranked.id())).toList(), scale, report);
  }

  /** The report for users, whose scores are this ranking's. */
  QueryReport finalReport() {
    return report.withScoreKind(scale.kind());
  }
}
