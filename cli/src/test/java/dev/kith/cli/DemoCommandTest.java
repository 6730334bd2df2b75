package dev.kith.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kith.core.backend.Backends;
import dev.kith.core.vector.VectorFiles;
import dev.kith.core.vector.VectorWriter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {
  private static final String AGAIN = "; or delete that file and run kith demo again";

  @TempDir Path temp;
  private Path beir;
  private Path db;

  @BeforeEach
  void writeFolder() throws IOException {
    beir = TinyBeir.write(temp.resolve("tiny"));
    db = temp.resolve("db");
  }

  @Test
  void demo_firstEmbeds_thenReuses_untilTheVectorsAreDamaged() throws Exception {
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
    assertThat(cost.get("reused").booleanValue()).isFalse();
    var vectors = Path.of(cost.get("vectors").textValue());
    assertThat(vectors.getParent()).isEqualTo(db.resolve("demo"));
    assertThat(cost.get("bytes").longValue()).isEqualTo(Files.size(vectors));
    assertThat(Kith.names(db.resolve("demo"))).containsExactly(vectors.getFileName().toString());

    // The query "own" has a document of its own, word for word; it is no answer.
    var modified = Files.getLastModifiedTime(vectors);
    var lines = demo("own").done().lines().toList();
    assertThat(lines)
        .contains(
            "The vectors of 4 texts are there already: " + vectors,
            "  The known answer, nap, has rank 1.",
            "  texts      4, not embedded again",
            "  vectors    4 x 384 float32, %d bytes".formatted(Files.size(vectors)));
    assertThat(lines).anyMatch(line -> line.startsWith("\"" + TinyBeir.KITTEN + "\"   (exact"));
    assertThat(lines).noneMatch(line -> line.startsWith("  1. ") && line.contains("kitten"));
    assertThat(lines)
        .filteredOn(line -> line.startsWith("  search"))
        .hasSize((int) Backends.statuses().stream().filter(Backends.Status::usable).count())
        .allMatch(line -> line.endsWith(" us a query, median of 25, same rows"));
    assertThat(Files.getLastModifiedTime(vectors)).isEqualTo(modified);

    assertDamageIsReported(vectors);
  }

  private void assertAnswer(JsonNode report) {
    assertThat(Kith.fields(report)).containsExactly("queries", "backends", "cost");
    assertThat(report.get("queries")).hasSize(1);
    var answer = report.get("queries").get(0);
    assertThat(Kith.fields(answer))
        .containsSubsequence(
            "query", "backend", "index", "proved", "scoreKind", "hits", "relevant");
    assertThat(answer.get("query").textValue()).isEqualTo("A cat sleeps on the sofa.");
    assertThat(answer.get("backend").textValue()).isEqualTo(Backends.choose(null).name());
    assertThat(answer.get("index").textValue()).isEqualTo("flat");
    assertThat(answer.get("proved").booleanValue()).isTrue();
    assertThat(answer.get("scoreKind").textValue()).isEqualTo("similarity");
    assertThat(answer.get("relevant")).hasSize(1);
    assertThat(answer.get("relevant").get(0).textValue()).isEqualTo("own");
    assertThat(answer.get("knownRank").intValue()).isEqualTo(2);
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

  private void assertDamageIsReported(Path vectors) throws IOException {
    var whole = Files.readAllBytes(vectors);
    try (var file = FileChannel.open(vectors, StandardOpenOption.WRITE)) {
      file.truncate(whole.length - 1);
    }
    assertThat(demo("own").refused())
        .startsWith("kith: the file must be as long as its shape says: file=" + vectors)
        .endsWith(AGAIN);

    whole[whole.length - 1] = whole[whole.length - 2] = (byte) 0xff; // a NaN
    Files.write(vectors, whole);
    assertThat(demo("own").refused())
        .startsWith("kith: vectors must be finite: file=" + vectors)
        .contains("row=3, element=383, found=NaN")
        .endsWith(AGAIN);

    try (var writer = VectorWriter.create(vectors, 2)) {
      writer.append(new float[] {1, 2});
      writer.commit();
    }
    assertThat(demo("own").refused())
        .isEqualTo(
            "kith: the saved vectors must be one a text: file=%s, expected=4 x 384, found=1 x 2"
                    .formatted(vectors)
                + AGAIN);
    try (var left = VectorFiles.open(vectors)) {
      assertThat(left.size()).as("what is damaged stays as it is").isEqualTo(1);
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
