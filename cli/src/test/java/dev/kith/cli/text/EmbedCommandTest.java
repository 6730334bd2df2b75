package dev.kith.cli.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.cli.Kith;
import dev.kith.cli.TinyBeir;
import dev.kith.core.vector.VectorFiles;
import dev.kith.embed.ModelCatalog;
import dev.kith.embed.TextModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmbedCommandTest {
  @TempDir Path temp;
  private Path texts;
  private Path vectors;

  @BeforeEach
  void name() {
    texts = temp.resolve("texts.jsonl");
    vectors = temp.resolve("vectors.npy");
  }

  @Test
  void embed_someTexts_writesTheModelsVectorsInOrder() throws Exception {
    // The longest first: batches are sorted by length, results must not be.
    Kith.write(
        texts,
        TinyBeir.text("c", "A very long text about the old harbour of a very old town"),
        "",
        "{\"_id\": \"a\", \"title\": \"Harbour\", \"text\": \"Ships\"}",
        TinyBeir.text("b", ""));
    var result = Kith.run("embed", "--in", texts, "--out", vectors, "--json");
    var report = result.json();
    assertThat(result.exit()).isZero();
    assertThat(Kith.fields(report))
        .containsExactly("in", "out", "model", "rows", "dimension", "textsPerSecond");
    assertThat(report.get("in").textValue()).isEqualTo(texts.toString());
    assertThat(report.get("out").textValue()).isEqualTo(vectors.toString());
    assertThat(report.get("model").textValue()).isEqualTo(ModelCatalog.DEFAULT);
    assertThat(report.get("rows").intValue()).isEqualTo(3);
    assertThat(report.get("dimension").intValue()).isEqualTo(384);
    assertThat(report.get("textsPerSecond").doubleValue()).isPositive();
    assertVectors("A very long text about the old harbour of a very old town", "Ships", "");
    assertThat(Kith.names(temp)).containsExactly("texts.jsonl", "vectors.npy");
  }

  @Test
  void embed_withTitles_putsThemBefore() throws Exception {
    Kith.write(texts, "{\"_id\": \"a\", \"title\": \"Harbour\", \"text\": \"Ships\"}");
    assertThat(Kith.run("embed", "--in", texts, "--out", vectors, "--titles").done())
        .startsWith(vectors + ": 1 rows of 384 float32, model bge-small-en-v15-q, ");
    assertVectors("Harbour Ships");
  }

  @Test
  void embed_noTexts_writesNoRows() throws Exception {
    Kith.write(texts);
    var report = Kith.run("embed", "--in", texts, "--out", vectors, "--json").json();
    assertThat(report.get("rows").intValue()).isZero();
    try (var found = VectorFiles.open(vectors)) {
      assertThat(found.size()).isZero();
      assertThat(found.dimension()).isEqualTo(384);
    }
  }

  @Test
  void embed_badLine_leavesWhatWasThere() throws Exception {
    Kith.write(texts, TinyBeir.text("a", "one"), "", "two");
    Files.writeString(vectors, "the old vectors");
    assertThat(Kith.run("embed", "--in", texts, "--out", vectors).refused())
        .startsWith("kith: bad line: file=%s, line=3, expected one JSON object".formatted(texts));
    assertThat(vectors).hasContent("the old vectors");
    assertThat(Kith.names(temp)).containsExactly("texts.jsonl", "vectors.npy");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "{\"_id\": \"b\"}                 | \"text\": a string, found none",
        "{\"text\": \"b\"}                | \"_id\": a string that is not empty, found none",
        "{\"_id\": 7, \"text\": \"b\"}    | \"_id\": a string, found 7",
        "{\"_id\": \"a\", \"text\": \"b\"} | a new _id, found the _id of line 1: a",
        "[1, 2]                           | one JSON object, found array",
      })
  void embed_badText_isRefusedByLine(String line, String complaint) throws Exception {
    Kith.write(texts, TinyBeir.text("a", "one"), line);
    assertThat(Kith.run("embed", "--in", texts, "--out", vectors, "--json").refused())
        .isEqualTo("kith: bad line: file=%s, line=2, expected %s".formatted(texts, complaint));
    assertThat(Kith.names(temp)).containsExactly("texts.jsonl");
  }

  @Test
  void embed_modelFails_leavesNoFile() throws Exception {
    Kith.write(texts, TinyBeir.text("a", "word ".repeat(600)));
    var arguments = List.of("embed", "--in", texts, "--out", vectors, "--max-length", "600");
    assertThat(Kith.run(arguments.toArray()).refused())
        .contains("up to 600 tokens", "(does it have that many positions? lower the maximum");
    assertThat(Kith.names(temp)).containsExactly("texts.jsonl");
  }

  @Test
  void embed_inputThatIsNoFile_isRefused() throws Exception {
    assertThat(Kith.run("embed", "--in", texts, "--out", vectors).refused())
        .isEqualTo("kith: no such file or folder: " + texts);
    assertThat(Kith.run("embed", "--in", temp, "--out", vectors).refused())
        .isEqualTo("kith: cannot use %s: it is a folder, not a file".formatted(temp));
    var packed = Files.writeString(temp.resolve("texts.jsonl.gz"), "not packed at all");
    assertThat(Kith.run("embed", "--in", packed, "--out", vectors).refused())
        .startsWith("kith: cannot open file=" + packed)
        .endsWith("Not in GZIP format");
    assertThat(Kith.names(temp)).containsExactly("texts.jsonl.gz");
  }

  @Test
  void embed_outputThatCannotBe_isRefusedBeforeTheWork() throws Exception {
    Kith.write(texts, TinyBeir.text("a", "one"));
    var missing = temp.resolve("missing");
    assertThat(Kith.run("embed", "--in", texts, "--out", missing.resolve("v.npy")).refused())
        .isEqualTo(
            "kith: cannot use %s: there is no folder %s; make it first"
                .formatted(missing.resolve("v.npy"), missing));
    var folder = Files.createDirectory(temp.resolve("v.npy"));
    assertThat(Kith.run("embed", "--in", texts, "--out", folder).refused())
        .isEqualTo("kith: cannot use %s: it is a folder, not a file".formatted(folder));
    for (var name : new String[] {"v.txt", "v.bvecs", "npy"}) {
      assertThat(Kith.run("embed", "--in", texts, "--out", temp.resolve(name)).refused())
          .isEqualTo(
              "kith: what is written must end in .npy or .fvecs: file=" + temp.resolve(name));
    }
    assertThat(Kith.names(temp)).containsExactly("texts.jsonl", "v.npy");
  }

  @Test
  void embed_modelThatIsNot_isRefused() throws Exception {
    Kith.write(texts, TinyBeir.text("a", "one"));
    assertThat(refusedModel("no-such-model"))
        .startsWith("kith: no model has this name: no-such-model; known are bge-small-en-v15-q, ")
        .endsWith("or give a folder with model.onnx and tokenizer.json");
    assertThat(refusedModel(temp.toString()))
        .isEqualTo(
            "kith: a model folder holds model.onnx and tokenizer.json (or vocab.txt): no file "
                + temp.resolve("model.onnx"));
    Files.write(temp.resolve("model.onnx"), "not a model".getBytes(UTF_8));
    assertThat(refusedModel(temp.toString()))
        .isEqualTo(
            "kith: say how this model pools: folder=%s; CLS for bge, MEAN for MiniLM, gte and e5"
                .formatted(temp));
    assertThat(refusedModel(temp.toString(), "--pooling", "mean")).contains(temp.toString());
    assertThat(refusedModel(ModelCatalog.DEFAULT, "--max-length", "1"))
        .isEqualTo("kith: maxLength must be at least 2 tokens: 1");
    assertThat(Files.exists(vectors)).isFalse();
  }

  private String refusedModel(String model, String... more) {
    var arguments = new Object[7 + more.length];
    System.arraycopy(
        new Object[] {"embed", "--in", texts, "--out", vectors, "--model", model},
        0,
        arguments,
        0,
        7);
    System.arraycopy(more, 0, arguments, 7, more.length);
    return Kith.run(arguments).refused();
  }

  private void assertVectors(String... contents) throws IOException {
    try (var found = VectorFiles.open(vectors);
        var model = TextModel.load(ModelCatalog.DEFAULT);
        var expected = model.embed(List.of(contents))) {
      assertThat(found.size()).isEqualTo(expected.size());
      for (int row = 0; row < contents.length; row++) {
        assertThat(found.row(row)).as(contents[row]).isEqualTo(expected.row(row));
      }
    }
  }
}
