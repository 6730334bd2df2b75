package dev.kith.db.run;

import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.query.Grouped;
import dev.kith.db.query.Query;
import dev.kith.db.query.QueryReport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Groups what a query ranks by the values of a field. It looks deeper and deeper until there are
 * enough groups, then fills each of them by a search of its own. Not safe for many threads.
 */
final class Grouping {
  private static final int MAX_DEPTH = 1 << 30;

  private final QueryEngine engine;
  private final Query whole;
  private final String field;
  private final FieldType type;
  private final Deadline deadline;
  private @Nullable QueryReport report;

  /**
   * Of what a query ranks.
   *
   * @param type keyword, bool or integer
   */
  Grouping(QueryEngine engine, Query query, String field, FieldType type) {
    this.engine = engine;
    this.whole = query.offset(0);
    this.field = field;
    this.type = type;
    this.deadline = new Deadline(query.deadline());
  }

  /** The best groups. */
  Grouped best(int groups, int size) throws IOException {
    boolean byParts = ranksParts(whole.source());
    int depth = byParts ? MAX_DEPTH : (int) Math.min(2L * groups * size, MAX_DEPTH);
    while (true) {
      var asked = whole.limit(depth);
      var ranking = rank(asked);
      var ranked = ranking.cut(asked);
      var byValue = byValue(ranked);
      boolean everything = byParts || ranked.size() < depth;
      if (everything || byValue.size() >= groups || depth == MAX_DEPTH) {
        return grouped(ranking, byValue, everything, groups, size);
      }
      depth = (int) Math.min(4L * depth, MAX_DEPTH);
    }
  }

  private Ranking rank(Query query) throws IOException {
    var ranking = engine.rank(query, deadline);
    report = report == null ? ranking.report() : report.plus(ranking.report());
    return ranking;
  }

  private SequencedMap<String, List<Ranked>> byValue(List<Ranked> ranked) throws IOException {
    var byValue = new LinkedHashMap<String, List<Ranked>>();
    for (var point : ranked) {
      for (var value : engine.valuesOf(point, field, type)) {
        byValue.computeIfAbsent(value, _ -> new ArrayList<>()).add(point);
      }
    }
    return byValue;
  }

  private Grouped grouped(
      Ranking ranking,
      SequencedMap<String, List<Ranked>> byValue,
      boolean everything,
      int groups,
      int size)
      throws IOException {
    var found = new ArrayList<Grouped.Group>();
    for (var entry : byValue.sequencedEntrySet()) {
      if (found.size() == groups) {
        break;
      }
      var members = entry.getValue();
      if (!everything && members.size() < size) { // the others stand deeper
        var within = whole.limit(size).where(hasValue(entry.getKey()));
        members = rank(within).cut(within);
      }
      var kept = members.subList(0, Math.min(size, members.size()));
      found.add(new Grouped.Group(entry.getKey(), engine.hits(whole, ranking.scale(), kept)));
    }
    var all = report == null ? ranking.report() : report;
    return new Grouped(found, all.withScoreKind(ranking.scale().kind()));
  }

  /**
   * Whether a source ranks what its parts found, so that a filter, which would change what these
   * find, must not be added to look deeper, and a greater limit finds no more.
   */
  private static boolean ranksParts(Query.Source source) {
    return switch (source) {
      case Query.Fused _, Query.Rescored _ -> true;
      case Query.Nearest _, Query.NearestTo _, Query.Recommend _, Query.Words _, Query.Ordered _ ->
          false;
    };
  }

  private Filter hasValue(String value) {
    var values = Filter.field(field);
    return switch (type) {
      case INTEGER -> values.is(Long.parseLong(value));
      case BOOL -> values.is(Boolean.parseBoolean(value));
      case KEYWORD, TEXT, FLOAT, DATETIME, GEO -> values.is(value);
    };
  }
}
