package dev.kith.cli.start;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kith.cli.Kith;
import dev.kith.cli.TinyBeir;
import dev.kith.core.backend.Backends;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {
  @TempDir Path temp;
  private Path beir;
  private Path db;

  @BeforeEach
  void writeFolder() throws IOException {
    beir = TinyBeir.write(temp.resolve("tiny"));
    db = temp.resolve("db");
  }

  @Test
  void demo_firstEmbeds_thenReuses_thenEmbedsWhatIsMissing() throws Exception {
    var result = demo("nap-again", "--json");
    assertThat(result.exit()).isZero();
    var report = result.json();
    assertAnswer(report);
    assertBackends(report.get("backends"));
    var cost = report.get("cost");
    assertThat(Kith.fields(cost)).contains("texts", "textsPerSecond", "bytes");
    assertThat(cost.get("texts").intValue())
        .isEqualTo(4); // those that some query is judged against
    assertThat(cost.get("textsPerSecond").doubleValue()).isPositive();
    assertThat(cost.get("embedded").intValue()).isEqualTo(4);
    assertThat(cost.get("bytes").longValue()).isPositive();
    var name = cost.get("collection").textValue();
    assertThat(Kith.names(db)).containsExactly(name);

    // The query "own" has a document of its own, word for word; it is no answer.
    var lines = demo("own").done().lines().toList();
    assertThat(lines)
        .contains(
            "The 4 texts are there already: collection %s in %s".formatted(name, db.resolve(name)),
            "  The known answer, nap, has rank 1.",
            "  texts      4, not embedded again");
    assertThat(lines).anyMatch(line -> line.startsWith("\"" + TinyBeir.KITTEN + "\"   (exact"));
    assertThat(lines).noneMatch(line -> line.startsWith("  1. ") && line.contains("kitten"));
    assertThat(lines)
        .filteredOn(line -> line.startsWith("  search"))
        .hasSize((int) Backends.statuses().stream().filter(Backends.Status::usable).count())
        .allMatch(line -> line.endsWith(" us a query, median of 25, same rows"));

    assertOtherPointsAreMended(name);
  }

  private void assertOtherPointsAreMended(String name) {
    try (var kith = dev.kith.db.Kith.open(db)) {
      var texts = kith.collection(name);
      texts.delete(PointId.of("nap"));
      texts.replacePayload(List.of(PointId.of("own")), Payload.of("text", "something else"));
      texts.upsert(Point.of(PointId.of("stranger"), new float[384]));
    }
    var mended = demo("own").done().lines().toList();
    assertThat(mended)
        .contains("  The known answer, nap, has rank 1.")
        .anyMatch(line -> line.startsWith("  texts      4, 2 of them embedded, "));
    try (var kith = dev.kith.db.Kith.open(db)) {
      assertThat(kith.collection(name).count()).isEqualTo(4);
    }
  }

  private void assertAnswer(JsonNode report) {
    assertThat(Kith.fields(report))
        .containsExactly("queries", "filtered", "hybrid", "backends", "cost");
    assertThat(report.get("queries")).hasSize(1);
    var answer = report.get("queries").get(0);
    assertThat(Kith.fields(answer))
        .containsSubsequence(
            "query", "backend", "index", "proved", "scoreKind", "hits", "relevant");
    assertThat(answer.get("query").textValue()).isEqualTo("A cat sleeps on the sofa.");
    assertThat(answer.get("backend").textValue()).isEqualTo(Backends.choose(null).name());
    assertThat(answer.get("index").textValue()).isEqualTo("flat"); // too few for a shadow
    assertThat(answer.get("proved").booleanValue()).isTrue();
    assertThat(answer.get("scoreKind").textValue()).isEqualTo("similarity");
    assertThat(answer.get("relevant")).hasSize(1);
    assertThat(answer.get("relevant").get(0).textValue()).isEqualTo("own");
    assertThat(answer.get("knownRank").intValue()).isEqualTo(2);
    assertThat(report.get("filtered").get("filter").textValue()).isEqualTo("words <= 15");
    assertThat(report.get("filtered").get("hits")).isNotEmpty();
    assertThat(report.get("hybrid").get("hits")).isNotEmpty();
    var hits = answer.get("hits");
    assertThat(hits).hasSize(3);
    assertThat(hits.findValuesAsText("rank")).containsExactly("1", "2", "3");
    assertThat(hits.findValuesAsText("id")).startsWith("nap", "own");
    var scores = new ArrayList<Double>();
    hits.forEach(hit -> scores.add(hit.get("score").doubleValue()));
    assertThat(scores).isSortedAccordingTo((a, b) -> Double.compare(b, a));
    assertThat(scores.getFirst()).isBetween(0.98, 1.0000001);
    var first = hits.get(0);
    assertThat(Kith.fields(first)).containsExactly("rank", "id", "score", "payload");
    assertThat(first.get("payload").get("text").textValue()).isEqualTo("A cat sleeps on the sofa.");
  }

  private static void assertBackends(JsonNode backends) {
    assertThat(backends.findValuesAsText("name"))
        .isEqualTo(
            Backends.statuses().stream()
                .filter(Backends.Status::usable)
                .map(Backends.Status::name)
                .toList());
    for (var backend : backends) {
      assertThat(Kith.fields(backend)).containsExactly("name", "micros", "sameRows");
      assertThat(backend.get("micros").doubleValue()).isPositive();
      assertThat(backend.get("sameRows").booleanValue()).isTrue();
    }
  }

  @Test
  void demo_halfTheOptions_isRefused() {
    for (var half : new String[] {"--beir=x", "--query-id=x"}) {
      assertThat(Kith.run("demo", half).refused())
          .isEqualTo(
              "kith: --beir and --query-id go together: give both or neither; see kith demo"
                  + " --help");
    }
  }

  @Test
  void demo_queryUnknown_isRefused() {
    assertThat(demo("nobody").refused())
        .isEqualTo("kith: no such query: folder=%s, query-id=nobody".formatted(beir));
  }

  @Test
  void demo_nothingJudged_isRefused() throws Exception {
    TinyBeir.judgments(beir);
    assertThat(demo("own").refused())
        .isEqualTo("kith: no document of the corpus is judged: folder=" + beir);
  }

  @Test
  void demo_dbIsAFile_isRefused() throws Exception {
    Files.writeString(db, "not a folder");
    assertThat(demo("own").refused()).startsWith("kith: cannot use " + db);
  }

  private Kith.Result demo(String query, String... more) {
    var arguments = new ArrayList<Object>();
    arguments.add("demo");
    arguments.add("--beir");
    arguments.add(beir);
    arguments.add("--query-id");
    arguments.add(query);
    arguments.add("--db");
    arguments.add(db);
    for (var option : more) {
      arguments.add(option);
    }
    return Kith.run(arguments.toArray());
  }
}
