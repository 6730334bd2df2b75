package dev.kith.cli.collection;

import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Table;
import dev.kith.db.CollectionReader;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.Payload;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Query;
import dev.kith.db.query.QueryReport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Options for which hits a search gives, and how hits are shown; shared by the commands that
 * search.
 */
final class HitOptions {
  @Option(
      names = {"-k", "--limit"},
      paramLabel = "K",
      defaultValue = "10",
      description = "how many hits; default: ${DEFAULT-VALUE}")
  int limit;

  @Option(
      names = "--offset",
      paramLabel = "N",
      defaultValue = "0",
      description = "leave out the best N points: the page after those; default: 0")
  int offset;

  @Option(
      names = "--threshold",
      paramLabel = "S",
      description =
          "only hits no worse than that score: at most that distance, at least that similarity")
  @Nullable Double threshold;

  @Option(
      names = "--filter",
      paramLabel = "F",
      description = "among points that pass: year >= 2020")
  @Nullable String filter;

  @Option(
      names = "--exact",
      description = "search exactly, whatever the index, and fail unless the answer is proved")
  boolean exact;

  @Option(
      names = "--recall",
      paramLabel = "R",
      description =
          "share of the exact answer that an approximate index must find on average: 0.95; default:"
              + " that of auto(recall=R), 0.95 for other indexes")
  @Nullable Double recall;

  @Option(
      names = "--backend",
      paramLabel = "B",
      description = "the backend that must search vectors; default: the best that this machine has")
  @Nullable String backend;

  @Option(
      names = "--threads",
      paramLabel = "T",
      defaultValue = "0",
      description = "the most threads of the search; default: 0, which is all cores")
  int threads;

  @Option(
      names = {"--vectors", "--with-vectors"},
      description = "show the hits' vectors")
  boolean withVectors;

  @Option(
      names = "--group",
      paramLabel = "FIELD",
      description = "the best K groups of points that share a value")
  @Nullable String group;

  @Option(
      names = "--group-size",
      paramLabel = "N",
      defaultValue = "3",
      description = "the most hits of a group; default: ${DEFAULT-VALUE}")
  int groupSize;

  /** Asks the reader and shows its answer; {@code asked} says what for. */
  int answer(Database database, CollectionReader reader, Query asked, String about) {
    var query = refined(asked, reader);
    var report = report(reader, query, about);
    if (database.json) {
      Json.print(database.out(), report);
    } else if (report.hits().isEmpty()) {
      tellNone(database, reader);
    } else {
      print(report, database);
    }
    if (exact && !report.proved()) {
      database.err().println("kith: the answer is not proved to be the exact one");
      database.err().flush();
      return ExitStatus.CHECK_FAILED;
    }
    return ExitStatus.DONE;
  }

  /** Refuses what does not fit the collection or each other, before a model is loaded. */
  void requireSense(Database database, CollectionReader reader) {
    if (exact && recall != null) {
      throw database.wrong("--exact and --recall ask for two answers: give one of them");
    }
    if (recall != null && !(recall > 0 && recall <= 1)) {
      throw database.wrong("--recall must be above 0 and at most 1: " + recall);
    }
    if (group != null && offset != 0) {
      throw database.wrong("--offset leaves out hits, not groups: give it without --group");
    }
    if (filter != null) {
      reader.count(Filter.parse(filter));
    }
  }

  /** Hits that the best groups may take, or the page and what is before it. */
  long wanted() {
    return group == null ? (long) offset + limit : (long) limit * groupSize;
  }

  private Query refined(Query asked, CollectionReader reader) {
    var query = asked.limit(limit).offset(offset).threads(threads);
    if (threshold != null) {
      query = query.threshold(threshold);
    }
    if (backend != null) {
      query = query.onBackend(backend);
    }
    if (filter != null) {
      query = query.where(filter);
    }
    if (exact) {
      query = query.exact();
    } else if (recall != null) {
      query = query.recall(recall);
    }
    return withVectors
        ? query.withVectors(reader.schema().vectors().keySet().toArray(String[]::new))
        : query;
  }

  private void tellNone(Database database, CollectionReader reader) {
    database.out().println(none(reader));
    database.out().flush();
  }

  private String none(CollectionReader reader) {
    if (filter != null && reader.count(Filter.parse(filter)) == 0) {
      return Database.nonePasses(filter);
    }
    if (reader.count(null) == 0) {
      return "the collection has no points yet";
    }
    return offset > 0 || threshold != null
        ? "no hit: nothing is that near, or --offset leaves all out"
        : "no hit";
  }

  private HitsDocument report(CollectionReader reader, Query query, String about) {
    var hits = new ArrayList<HitsDocument.Hit>();
    if (group == null) {
      var result = reader.query(query);
      result.hits().forEach(hit -> hits.add(hit(offset + hits.size() + 1, hit, null)));
      return report(about, result.report(), hits);
    }
    var result = reader.queryGrouped(query, group, limit, groupSize);
    for (var one : result.groups()) {
      one.hits().forEach(hit -> hits.add(hit(hits.size() + 1, hit, one.value())));
    }
    return report(about, result.report(), hits);
  }

  private HitsDocument.Hit hit(int rank, Hit hit, @Nullable String value) {
    var payload = hit.payload();
    return new HitsDocument.Hit(
        rank,
        hit.id(),
        hit.score(),
        payload == null ? Payload.EMPTY : payload,
        value,
        withVectors ? hit.vectors() : null);
  }

  private static HitsDocument report(
      String about, QueryReport report, List<HitsDocument.Hit> hits) {
    return new HitsDocument(
        about,
        report.backend(),
        report.index(),
        report.proved(),
        HitsDocument.Expected.of(report.expectedRecall()),
        report.scoreKind().name().toLowerCase(Locale.ROOT),
        HitsDocument.Served.of(report),
        hits);
  }

  private static String proof(HitsDocument report) {
    var expected = report.expectedRecall();
    if (report.proved()) {
      return ", proved exact";
    }
    return expected == null || expected.mean() == 1
        ? ""
        : ", approximate, expected recall %.3f".formatted(expected.mean());
  }

  private static String scanned(HitsDocument.Served served) {
    var paths = served.scannedPaths();
    return paths.isEmpty() ? "" : ", payloads read for " + String.join(", ", paths);
  }

  private static void print(HitsDocument report, Database database) {
    var out = database.out();
    out.printf(
        "%d %s by %s   (backend %s, index %s%s%s%s)%n",
        report.hits().size(),
        report.hits().size() == 1 ? "hit" : "hits",
        report.scoreKind(),
        report.backend(),
        report.index(),
        proof(report),
        scanned(report.served()),
        report.served().stale() ? ", acknowledged writes may be missing" : "");
    for (var hit : report.hits()) {
      out.printf(
          Locale.ROOT,
          "%3d. %.6g  %s%s  %s%n",
          hit.rank(),
          hit.score(),
          Ids.shown(hit.id()),
          hit.group() == null ? "" : "  [" + Table.shorten(hit.group()) + "]",
          Table.shorten(hit.payload().toString()));
      if (hit.vectors() != null) {
        hit.vectors()
            .forEach((vector, row) -> out.printf("       %s %s%n", vector, Arrays.toString(row)));
      }
    }
    out.flush();
  }
}
