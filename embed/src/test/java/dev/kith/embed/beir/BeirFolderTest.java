package dev.kith.embed.beir;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.embed.TestFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class BeirFolderTest {
  private static final String CORPUS =
      """
      {"_id": "d1", "title": "Parthenon", "text": "temple of Athena"}

      {"_id": "d2", "text": "a café", "metadata": {"url": "x"}}\r
      """;
  private static final String QUERIES = "{\"_id\": \"q1\", \"text\": \"old temple\"}\n";
  private static final String QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n";

  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    Files.writeString(folder.resolve("corpus.jsonl"), CORPUS);
    Files.writeString(folder.resolve("queries.jsonl"), QUERIES);
    Files.createDirectory(folder.resolve("qrels"));
    Files.writeString(folder.resolve("qrels/test.tsv"), QRELS);
  }

  private static void assertReads(BeirFolder beir) {
    try (var corpus = beir.corpus();
        var queries = beir.queries()) {
      assertThat(corpus)
          .containsExactly(
              new BeirText("d1", "Parthenon", "temple of Athena"),
              new BeirText("d2", "", "a café"));
      assertThat(queries).containsExactly(new BeirText("q1", "", "old temple"));
    }
    assertThat(beir.qrels("test")).isEqualTo(Map.of("q1", Map.of("d1", 2, "d2", 0)));
  }

  @Test
  void open_plainFiles_reads() {
    var beir = BeirFolder.open(folder);
    assertReads(beir);
    assertThat(beir.name()).isEqualTo(folder.getFileName().toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {".gz", ".xz"})
  void open_packedFiles_reads(String packing) throws IOException {
    for (var file : new String[] {"corpus.jsonl", "queries.jsonl", "qrels/test.tsv"}) {
      var plain = folder.resolve(file);
      Files.write(folder.resolve(file + packing), pack(Files.readAllBytes(plain), packing));
      Files.delete(plain);
    }
    assertReads(BeirFolder.open(folder));
  }

  private static byte[] pack(byte[] bytes, String packing) throws IOException {
    var packed = new ByteArrayOutputStream();
    try (var out =
        packing.equals(".gz")
            ? new GZIPOutputStream(packed)
            : new XZOutputStream(packed, new LZMA2Options(0))) {
      out.write(bytes);
    }
    return packed.toByteArray();
  }

  @Test
  void open_insideAZipFile_reads() throws IOException {
    var zip = folder.resolve("set.zip");
    try (var files = FileSystems.newFileSystem(zip, Map.of("create", true))) {
      var root = files.getPath("/set");
      Files.createDirectories(root.resolve("qrels"));
      for (var file : new String[] {"corpus.jsonl", "queries.jsonl", "qrels/test.tsv"}) {
        Files.copy(folder.resolve(file), root.resolve(file));
      }
      assertReads(BeirFolder.open(root));
    }
  }

  @Test
  void qrels_fileInTheFolderItself_isSplitTest() throws IOException {
    Files.move(folder.resolve("qrels/test.tsv"), folder.resolve("qrels.tsv"));
    assertReads(BeirFolder.open(folder));
  }

  @Test
  void open_byteOrderMarks_areNoText() throws IOException {
    for (var file : new String[] {"corpus.jsonl", "queries.jsonl", "qrels/test.tsv"}) {
      var plain = folder.resolve(file);
      Files.writeString(plain, "\ufeff" + Files.readString(plain));
    }
    assertReads(BeirFolder.open(folder));
  }

  @Test
  void open_utf16_saysHowToConvert() throws IOException {
    for (var charset : new Charset[] {StandardCharsets.UTF_16, StandardCharsets.UTF_16LE}) {
      Files.writeString(folder.resolve("qrels/test.tsv"), QRELS, charset);
      assertThatThrownBy(() -> BeirFolder.open(folder).qrels("test"))
          .isInstanceOf(BeirDataException.class)
          .hasMessage(
              "bad line: file=%s, line=1, expected UTF-8 text, found UTF-16 or UTF-32; convert it with iconv -f UTF-16 -t UTF-8"
                  .formatted(folder.resolve("qrels/test.tsv")));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "query-id\tcorpus-id\tscore\n",
        "query_id\tdoc_id\trelevance\n",
        "\nQID\tDID\tlabel\n",
        "\ufeff\n\r\ntopic\tdocument\tjudgment\r\n",
        ""
      })
  void qrels_headers_arePassedOver(String header) throws IOException {
    Files.writeString(folder.resolve("qrels/test.tsv"), header + "q1\td1\t2\nq1\td2\t0\n");
    assertReads(BeirFolder.open(folder));
  }

  @Test
  void qrels_firstLineThatIsNoHeader_isJudged() throws IOException {
    Files.writeString(folder.resolve("qrels/test.tsv"), "q1\td1\tyes\n");
    assertThatThrownBy(() -> BeirFolder.open(folder).qrels("test"))
        .hasMessageEndingWith("expected a whole number as score, found \"yes\"");
  }

  @Test
  void corpus_jsonBeyondALimit_namesLineAndLimit() throws IOException {
    Files.writeString(
        folder.resolve("corpus.jsonl"),
        "{\"_id\": \"d\", \"text\": \"\", \"n\": %s}\n".formatted("9".repeat(1001)));
    try (var corpus = BeirFolder.open(folder).corpus()) {
      assertThatThrownBy(corpus::toList)
          .isInstanceOf(BeirDataException.class)
          .hasMessageEndingWith(
              "line=1, expected one JSON object, found Number value length (1001) exceeds the"
                  + " maximum allowed (1000)");
    }
  }

  @Test
  void content_withTitle_titleSpaceText() {
    assertThat(new BeirText("d", "Parthenon", "temple").content()).isEqualTo("Parthenon temple");
    assertThat(new BeirText("d", "", "temple").content()).isEqualTo("temple");
  }

  @Test
  void open_notAFolder_saysWhatToGive() {
    var missing = folder.resolve("missing");
    assertThatThrownBy(() -> BeirFolder.open(missing))
        .isInstanceOf(BeirDataException.class)
        .hasMessage(
            "not a folder: %s; give a BEIR folder with corpus.jsonl, queries.jsonl and"
                + " qrels/test.tsv",
            missing);
  }

  @Test
  void open_noQueries_saysSo() throws IOException {
    Files.delete(folder.resolve("queries.jsonl"));
    assertThatThrownBy(() -> BeirFolder.open(folder))
        .hasMessage("a BEIR folder holds queries.jsonl (or .gz, .xz): folder=%s", folder);
  }

  @Test
  void open_corpusTwice_saysWhich() throws IOException {
    Files.write(folder.resolve("corpus.jsonl.gz"), pack(CORPUS.getBytes(UTF_8), ".gz"));
    assertThatThrownBy(() -> BeirFolder.open(folder))
        .hasMessage(
            "a file must be there once: %1$s/corpus.jsonl and %1$s/corpus.jsonl.gz; remove one",
            folder);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'title': 'x', 'text': 'y'}|'_id': a string that is not empty, found none",
        "{'_id': '', 'text': 'y'}|'_id': a string that is not empty, found ''",
        "{'_id': 7, 'text': 'y'}|'_id': a string, found 7",
        "{'_id': 'd3'}|'text': a string, found none",
        "{'_id': 'd1', 'text': 'y'}|a new _id, found the _id of line 1: d1",
        "['d3']|one JSON object, found array",
        "{'_id': 'd3', 'text': 'y'} 5|one JSON object, found Trailing token",
        "{'_id': 'd3', 'te|one JSON object, found Unexpected end-of-input",
      })
  void corpus_badLine_saysFileLineAndExpected(String line, String expected) throws IOException {
    Files.writeString(folder.resolve("corpus.jsonl"), CORPUS + line.replace('\'', '"') + "\n");
    assertThatThrownBy(() -> readAll(BeirFolder.open(folder)))
        .isInstanceOf(BeirDataException.class)
        .hasMessageStartingWith(
            "bad line: file=%s, line=4, expected %s",
            folder.resolve("corpus.jsonl"), expected.replace('\'', '"'));
  }

  @Test
  void corpus_notUtf8_saysLine() throws IOException {
    Files.write(
        folder.resolve("corpus.jsonl"),
        "{\"_id\": \"d1\", \"text\": \"caf\u00e9\"}".getBytes(ISO_8859_1));
    assertThatThrownBy(() -> readAll(BeirFolder.open(folder)))
        .hasMessageStartingWith("bad line: file=%s, line=1", folder.resolve("corpus.jsonl"))
        .hasMessageContaining("Invalid UTF-8");
  }

  @ParameterizedTest
  @ValueSource(strings = {".gz", ".xz"})
  void corpus_packedFileCutOff_saysSo(String packing) throws IOException {
    var packed = pack(CORPUS.getBytes(UTF_8), packing);
    Files.delete(folder.resolve("corpus.jsonl"));
    Files.write(folder.resolve("corpus.jsonl" + packing), Arrays.copyOf(packed, packed.length / 2));
    assertThatThrownBy(() -> readAll(BeirFolder.open(folder)))
        .isInstanceOf(BeirDataException.class)
        .hasMessageStartingWith(
            "cannot read on: file=%s, line=", folder.resolve("corpus.jsonl" + packing))
        .hasMessageEndingWith("(file truncated or damaged?)");
  }

  @Test
  void corpus_gzWithSomethingElseAfterIt_saysSo() throws IOException {
    var packed = new ByteArrayOutputStream();
    packed.writeBytes(pack(CORPUS.getBytes(UTF_8), ".gz"));
    packed.writeBytes("and more".getBytes(UTF_8));
    Files.delete(folder.resolve("corpus.jsonl"));
    var file = Files.write(folder.resolve("corpus.jsonl.gz"), packed.toByteArray());
    assertThatThrownBy(() -> readAll(BeirFolder.open(folder)))
        .isInstanceOf(BeirDataException.class)
        .hasMessage(
            "cannot read on: file=%s, line=%d: what follows the packed data is no gzip (file"
                + " truncated or damaged?)",
            file, CORPUS.lines().count() + 1);
  }

  @Test
  void corpus_notPackedAtAll_saysSo() throws IOException {
    Files.move(folder.resolve("corpus.jsonl"), folder.resolve("corpus.jsonl.xz"));
    assertThatThrownBy(() -> readAll(BeirFolder.open(folder)))
        .isInstanceOf(BeirDataException.class)
        .hasMessageStartingWith("cannot open file=%s: ", folder.resolve("corpus.jsonl.xz"));
  }

  private static void readAll(BeirFolder beir) {
    try (var corpus = beir.corpus()) {
      corpus.forEach(t -> {});
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "q1 d1 1|3 columns with tabs between: query-id, corpus-id, score, found 1 column",
        "q1;0;d1;1|3 columns with tabs between: query-id, corpus-id, score, found 4 columns",
        "q1;d3;yes|a whole number as score, found \"yes\"",
        "q1;d1;1|a new pair, found query q1 and document d1 a second time",
      })
  void qrels_badLine_saysFileLineAndExpected(String line, String expected) throws IOException {
    var file = folder.resolve("qrels/test.tsv");
    Files.writeString(file, QRELS + line.replace(';', '\t') + "\n");
    assertThatThrownBy(() -> BeirFolder.open(folder).qrels("test"))
        .isInstanceOf(BeirDataException.class)
        .hasMessage("bad line: file=%s, line=4, expected %s", file, expected);
  }

  @Test
  void qrels_noSuchSplit_saysWhatWasExpected() {
    assertThatThrownBy(() -> BeirFolder.open(folder).qrels("dev"))
        .hasMessage(
            "no judgments for split dev: expected %s (or .gz, .xz)",
            folder.resolve("qrels").resolve("dev.tsv"));
  }

  @Test
  void bundledTexts_wholeFolder_judgmentsNameTextsThatAreThere() {
    var beir = BeirFolder.open(TestFiles.wordnet());
    try (var corpus = beir.corpus();
        var queries = beir.queries()) {
      var documents = corpus.map(BeirText::id).toList();
      var asked = queries.map(BeirText::id).toList();
      var judgments = beir.qrels("test");
      assertThat(asked).containsAll(judgments.keySet());
      judgments.values().forEach(j -> assertThat(documents).containsAll(j.keySet()));
    }
  }
}
