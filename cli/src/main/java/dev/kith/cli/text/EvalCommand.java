package dev.kith.cli.text;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Json;
import dev.kith.cli.console.Progress;
import dev.kith.cli.input.ModelOptions;
import dev.kith.core.backend.Backends;
import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.vector.VectorSource;
import dev.kith.embed.TextModel;
import dev.kith.embed.beir.BeirFolder;
import dev.kith.embed.beir.BeirText;
import dev.kith.embed.eval.RankingScores;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command that scores a model on a retrieval data set, by exact search. */
@Command(
    name = "eval",
    mixinStandardHelpOptions = true,
    description = {
      "Scores a model on a retrieval data set (a BEIR folder).",
      "Embeds documents and queries, searches exactly, and scores the rankings: nDCG@10,"
          + " recall@10, recall@100 and MRR@10 as trec_eval defines them. A query's own document is"
          + " left out of its results."
    })
public final class EvalCommand implements Callable<Integer> {
  /** Documents that the deepest measure looks at. */
  private static final int DEPTH = 100;

  @Spec CommandSpec spec;

  @Option(
      names = "--beir",
      required = true,
      paramLabel = "FOLDER",
      description = "corpus.jsonl, queries.jsonl and qrels/*.tsv, each also as .gz or .xz")
  Path folder;

  @Option(
      names = "--split",
      defaultValue = "test",
      paramLabel = "S",
      description = "which qrels; default: ${DEFAULT-VALUE}")
  String split;

  @Mixin ModelOptions modelOptions;

  @Option(names = "--backend", paramLabel = "B", description = "the backend that must search")
  @Nullable String backend;

  @Option(names = "--json", description = "print one JSON document")
  boolean json;

  /** Document printed with {@code --json}. */
  record Report(
      String dataset,
      String model,
      int maxLength,
      boolean titles,
      int docs,
      int queries,
      @JsonProperty("ndcg@10") double ndcgAt10,
      @JsonProperty("recall@10") double recallAt10,
      @JsonProperty("recall@100") double recallAt100,
      @JsonProperty("mrr@10") double mrrAt10,
      double docsPerSecond,
      String backend) {}

  @Override
  public Integer call() {
    var out = spec.commandLine().getOut();
    var err = spec.commandLine().getErr();
    var beir = BeirFolder.open(folder);
    var qrels = beir.qrels(split);
    if (backend != null) {
      Backends.choose(backend); // fails before the work, not after it
    }
    var documents = list(beir.corpus());
    var queries = judged(beir, qrels.keySet());
    requireScorable(documents, queries, qrels);
    var report = score(beir, documents, queries, qrels, err);
    if (json) {
      Json.print(out, report);
    } else {
      print(report, out);
    }
    return ExitStatus.DONE;
  }

  private void requireScorable(
      List<BeirText> documents, List<BeirText> queries, Map<String, Map<String, Integer>> qrels) {
    var missing = new HashSet<>(qrels.keySet());
    queries.forEach(query -> missing.remove(query.id()));
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "judged queries must be there: folder=%s, split=%s, missing=%d, one of them=%s"
              .formatted(folder, split, missing.size(), missing.iterator().next()));
    }
    long answerable =
        qrels.values().stream()
            .filter(grades -> grades.values().stream().anyMatch(grade -> grade > 0))
            .count();
    if (documents.isEmpty() || answerable == 0) {
      throw new IllegalArgumentException(
          "nothing to score: folder=%s, split=%s, documents=%d, queries with a relevant document=%d"
              .formatted(folder, split, documents.size(), answerable));
    }
  }

  private Report score(
      BeirFolder beir,
      List<BeirText> documents,
      List<BeirText> queries,
      Map<String, Map<String, Integer>> qrels,
      PrintWriter err) {
    try (var model = modelOptions.load(err, json)) {
      var bar = new Progress(err, "embedding", "documents", documents.size(), json);
      try (var rows = bar.watch(() -> model.embed(modelOptions.contents(documents), bar));
          var asked = embed(model, queries, err)) {
        var options = SearchOptions.nearest(DEPTH + 1); // one more, for the query's own document
        var result =
            VectorIndex.over(rows, Metric.COSINE, "flat")
                .search(asked, backend == null ? options : options.onBackend(backend));
        var rankings = new HashMap<String, List<String>>();
        for (int q = 0; q < queries.size(); q++) {
          rankings.put(
              queries.get(q).id(),
              result.neighbors().get(q).stream()
                  .map(hit -> documents.get((int) hit.row()).id())
                  .toList());
        }
        var scores = RankingScores.of(qrels, rankings);
        return new Report(
            beir.name(),
            model.name(),
            model.maxLength(),
            modelOptions.titles(),
            documents.size(),
            scores.queries(),
            scores.ndcgAt10(),
            scores.recallAt10(),
            scores.recallAt100(),
            scores.mrrAt10(),
            bar.rate(),
            result.report().backend());
      }
    }
  }

  private VectorSource embed(TextModel model, List<BeirText> queries, PrintWriter err) {
    var bar = new Progress(err, "embedding", "queries", queries.size(), json);
    return bar.watch(() -> model.embed(modelOptions.contents(queries), bar));
  }

  private static List<BeirText> judged(BeirFolder beir, Set<String> ids) {
    try (var stream = beir.queries()) {
      return stream.filter(query -> ids.contains(query.id())).toList();
    }
  }

  private static List<BeirText> list(Stream<BeirText> texts) {
    try (texts) {
      return texts.toList();
    }
  }

  private static void print(Report report, PrintWriter out) {
    var lines = new ArrayList<String>();
    lines.add(
        "%s: %d documents, %d queries, model %s at %d tokens, %.1f documents/s, backend %s"
            .formatted(
                report.dataset,
                report.docs,
                report.queries,
                report.model,
                report.maxLength,
                report.docsPerSecond,
                report.backend));
    lines.add(String.format(Locale.ROOT, "nDCG@10     %.4f", report.ndcgAt10));
    lines.add(String.format(Locale.ROOT, "recall@10   %.4f", report.recallAt10));
    lines.add(String.format(Locale.ROOT, "recall@100  %.4f", report.recallAt100));
    lines.add(String.format(Locale.ROOT, "MRR@10      %.4f", report.mrrAt10));
    lines.forEach(out::println);
    out.flush();
  }
}
