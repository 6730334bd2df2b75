package dev.kith.cli.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kith.cli.Kith;
import dev.kith.cli.TinyBeir;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvalCommandTest {
  @TempDir Path temp;
  private Path beir;

  @BeforeEach
  void writeFolder() throws Exception {
    beir = TinyBeir.write(temp.resolve("tiny"));
  }

  @Test
  void eval_json_hasTheScoresOfAHandMadeRanking() throws Exception {
    var result = Kith.run("eval", "--beir", beir, "--max-length", 64, "--json");
    var report = result.json();
    assertThat(result.exit()).isZero();
    assertThat(Kith.fields(report))
        .containsSubsequence(
            "dataset", "model", "docs", "queries", "ndcg@10", "recall@10", "recall@100", "mrr@10");
    assertThat(report.get("dataset").textValue()).isEqualTo("tiny");
    assertThat(report.get("model").textValue()).isEqualTo("bge-small-en-v15-q");
    assertThat(report.get("maxLength").intValue()).isEqualTo(64);
    assertThat(report.get("docs").intValue()).isEqualTo(5);
    // A query whose only judgment is 0 does not count, nor does one without judgments.
    assertThat(report.get("queries").intValue()).isEqualTo(4);
    // own: its own document is left out, then the relevant one is first. market-again: one of two
    // is first, the other is not in the corpus. plants-again: none is. nap-again: its own words
    // first, then the relevant one.
    assertThat(report.get("mrr@10").doubleValue()).isEqualTo((1 + 1 + 0 + 0.5) / 4);
    double ndcg = 1 + 1 / (1 + 1 / log2(3)) + 0 + 1 / log2(3);
    assertThat(report.get("ndcg@10").doubleValue()).isEqualTo(ndcg / 4, within(1e-12));
    assertThat(report.get("recall@10").doubleValue()).isEqualTo((1 + 0.5 + 0 + 1) / 4);
    assertThat(report.get("recall@100").doubleValue()).isEqualTo((1 + 0.5 + 0 + 1) / 4);
  }

  @Test
  void eval_text_onAForcedBackend() {
    assertThat(Kith.run("eval", "--beir", beir, "--backend", "scalar").done().lines())
        .hasSize(5)
        .contains("recall@10   0.6250", "recall@100  0.6250", "MRR@10      0.6250")
        .first()
        .asString()
        .startsWith("tiny: 5 documents, 4 queries, model bge-small-en-v15-q at 512 tokens, ")
        .endsWith(" documents/s, backend scalar");
  }

  @Test
  void eval_backendUnknown_isRefused() {
    assertThat(Kith.run("eval", "--beir", beir, "--backend", "abacus").refused())
        .isEqualTo("kith: no such backend: abacus; known are cuda, native, simd, scalar");
  }

  @Test
  void eval_noFolder_isRefused() throws Exception {
    var advice = "; give a BEIR folder with corpus.jsonl, queries.jsonl and qrels/test.tsv";
    for (var other : new Path[] {temp.resolve("missing"), beir.resolve("corpus.jsonl")}) {
      assertThat(Kith.run("eval", "--beir", other).refused())
          .isEqualTo("kith: not a folder: " + other + advice);
    }
    assertThat(Kith.run("eval", "--beir", temp).refused())
        .isEqualTo("kith: a BEIR folder holds corpus.jsonl (or .gz, .xz): folder=" + temp);
  }

  @Test
  void eval_splitMissing_isRefused() {
    assertThat(Kith.run("eval", "--beir", beir, "--split", "train").refused())
        .isEqualTo(
            "kith: no judgments for split train: expected %s (or .gz, .xz)"
                .formatted(beir.resolve("qrels").resolve("train.tsv")));
  }

  @Test
  void eval_judgmentsDamaged_isRefusedByLine() throws Exception {
    var file = beir.resolve("qrels").resolve("test.tsv");
    TinyBeir.judgments(beir, "own\tnap\t1", "own\tmarket");
    assertThat(Kith.run("eval", "--beir", beir).refused())
        .isEqualTo(
            "kith: bad line: file=%s, line=3, expected 3 columns with tabs between: query-id, corpus-id, score, found 2 columns"
                .formatted(file));
    TinyBeir.judgments(beir, "own\tnap\tyes");
    assertThat(Kith.run("eval", "--beir", beir).refused())
        .isEqualTo(
            "kith: bad line: file=%s, line=2, expected a whole number as score, found \"yes\""
                .formatted(file));
  }

  @Test
  void eval_judgedQueryMissing_isRefused() throws Exception {
    TinyBeir.judgments(beir, "own\tnap\t1", "stranger\tnap\t1");
    assertThat(Kith.run("eval", "--beir", beir).refused())
        .isEqualTo(
            "kith: judged queries must be there: folder=%s, split=test, missing=1, one of them=stranger"
                .formatted(beir));
  }

  @Test
  void eval_nothingRelevant_isRefused() throws Exception {
    TinyBeir.judgments(beir, "own\tnap\t0");
    assertThat(Kith.run("eval", "--beir", beir).refused())
        .isEqualTo(
            "kith: nothing to score: folder=%s, split=test, documents=5, queries with a relevant document=0"
                .formatted(beir));
    TinyBeir.judgments(beir, "own\tnap\t1");
    Files.writeString(beir.resolve("corpus.jsonl"), "");
    assertThat(Kith.run("eval", "--beir", beir).refused())
        .endsWith("documents=0, queries with a relevant document=1");
  }

  @Test
  void eval_badLine_isRefusedByLine() throws Exception {
    Kith.write(beir.resolve("queries.jsonl"), TinyBeir.text("own", "words"), "{}");
    assertThat(Kith.run("eval", "--beir", beir).refused())
        .isEqualTo(
            "kith: bad line: file=%s, line=2, expected \"_id\": a string that is not empty, found none"
                .formatted(beir.resolve("queries.jsonl")));
  }

  private static double log2(double x) {
    return Math.log(x) / Math.log(2);
  }
}
