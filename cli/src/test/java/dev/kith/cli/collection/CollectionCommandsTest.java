package dev.kith.cli.collection;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kith.cli.Checkout;
import dev.kith.cli.Kith;
import dev.kith.cli.TinyBeir;
import dev.kith.core.vector.VectorFiles;
import dev.kith.core.vector.VectorWriter;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands on collections, each with what it prints, its errors and its exit status. */
class CollectionCommandsTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path temp;
  private Path db;
  private Path points;

  @BeforeEach
  void write() throws IOException {
    db = temp.resolve("db");
    points =
        Kith.write(
            temp.resolve("points.jsonl"),
            "{\"id\": 1, \"vector\": [0, 0], \"payload\": {\"lang\": \"en\", \"title\": \"a red"
                + " house\"}}",
            "{\"id\": 2, \"vector\": [3, 4], \"payload\": {\"lang\": \"de\", \"title\": \"ein rotes"
                + " Haus\"}}",
            "{\"id\": \"x\", \"vector\": [6, 8], \"payload\": {\"lang\": \"en\", \"title\": \"a"
                + " blue car\"}}");
  }

  /** Runs a command on the test's database. */
  private Kith.Result kith(Object... arguments) {
    var all = new ArrayList<>(List.of(arguments));
    all.addAll(1, List.of("--db", db));
    return Kith.run(all.toArray());
  }

  /** Creates a collection {@code c} with three points. */
  private void fill() {
    kith(
            "create",
            "c",
            "--dim",
            2,
            "--metric",
            "l2",
            "--field",
            "lang=keyword",
            "--field",
            "title=text")
        .done();
    kith("import", "c", points).done();
  }

  private Path vector(String json) throws IOException {
    return Files.writeString(temp.resolve("q.json"), json);
  }

  @Test
  void create_saysWhatItMade_andRefusesWhatIsNot() throws Exception {
    var made =
        kith(
                "create",
                "c",
                "--dim",
                3,
                "--metric",
                "DOT",
                "--type",
                "int8",
                "--index",
                "flat",
                "--json")
            .json();
    assertThat(Kith.fields(made)).containsExactly("name", "folder", "schema");
    assertThat(made.get("schema").toString())
        .isEqualTo(
            "{\"vectors\":{\"vector\":{\"dimension\":3,\"metric\":\"dot\",\"type\":\"int8\",\"index\":\"flat\"}},\"fields\":{},\"strict\":false}");
    assertThat(kith("create", "c", "--dim", 3, "--metric", "dot").refused())
        .isEqualTo(
            "kith: there is a collection of that name already: c (%s); drop it first, or choose another"
                .formatted(db));
    assertThat(kith("create", "-", "--dim", 3, "--metric", "l2").refused())
        .startsWith("kith: a collection's name must be ");
    assertThat(kith("create", "d", "--dim", 3, "--metric", "l2", "--field", "a=colour").refused())
        .isEqualTo(
            "kith: a field's type must be keyword, text, integer, float, bool, datetime or geo:"
                + " colour");
    assertThat(kith("list").done().lines())
        .satisfiesExactly(
            heading -> assertThat(heading).isEqualTo("collection  points    disk  vectors"),
            row -> assertThat(row).matches("c +0 +[\\d.]+ k?B +vector: 3 x int8, dot"));
  }

  @Test
  void create_withoutOptions_suitsTheDefaultModel() throws Exception {
    kith("create", "c").done();
    var vector = kith("stats", "c", "--json").json().at("/schema/vectors/vector");
    assertThat(vector.toString())
        .isEqualTo(
            "{\"dimension\":384,\"metric\":\"cosine\",\"type\":\"float32\",\"index\":\"auto(recall=0.99)\"}");
  }

  @Test
  void create_bySchema() throws Exception {
    var schema =
        Files.writeString(
            temp.resolve("s.json"),
            "{\"vectors\": {\"a\": {\"dimension\": 2, \"metric\": \"l2\"}, \"b\": {\"dimension\":"
                + " 1, \"metric\": \"dot\"}}}");
    kith("create", "c", "--schema", schema, "--field", "n=integer").done();
    assertThat(kith("stats", "c", "--json").json().get("schema").get("fields").toString())
        .isEqualTo("{\"n\":\"integer\"}");
    assertThat(kith("search", "c", "--vector", vector("[1]")).refused())
        .isEqualTo("kith: say which vectors by --vector-name: the collection has a, b");
    assertThat(kith("search", "c", "--vector", vector("[1]"), "--vector-name", "z").refused())
        .isEqualTo("kith: no such vector: z; the collection has a, b");
    assertThat(kith("create", "d", "--schema", schema, "--dim", 2).refused())
        .isEqualTo(
            "kith: --schema says all about vectors: leave --dim, --metric, --type and --index; see"
                + " kith create --help");
    Files.writeString(schema, "{\"vectors\": 1, \"x\": 2}");
    assertThat(kith("create", "d", "--schema", schema).refused())
        .isEqualTo(
            "kith: %s: a schema has no key 'x'; known are vectors, fields, strict"
                .formatted(schema));
    assertThat(kith("list", "--json").json().toString()).isEqualTo("{\"collections\":[\"c\"]}");
  }

  @Test
  void import_tellsWhatIsDurable_aLineABatch() throws Exception {
    kith("create", "c", "--dim", 2, "--metric", "l2").done();
    var many = temp.resolve("many.jsonl");
    Files.write(
        many,
        IntStream.range(0, 4500).mapToObj("{\"id\": %d, \"vector\": [1, 2]}"::formatted).toList());
    var result = kith("import", "c", many, points, "--json");
    assertThat(result.exit()).isZero();
    assertThat(result.err()).isEmpty();
    long before = 0;
    var lines = result.out().lines().toList();
    assertThat(lines).hasSizeGreaterThan(2);
    for (var line : lines) {
      var told = JSON.readTree(line);
      assertThat(Kith.fields(told)).containsExactly("acknowledged", "lastId");
      assertThat(told.get("acknowledged").longValue()).isGreaterThan(before);
      before = told.get("acknowledged").longValue();
    }
    assertThat(lines.getLast()).isEqualTo("{\"acknowledged\":4503,\"lastId\":\"x\"}");
    assertThat(kith("stats", "c", "--json").json().get("points").longValue()).isEqualTo(4501);
  }

  @ParameterizedTest
  @ValueSource(strings = {"request", "interval", "none"})
  void import_atEachDurability_isThereAfterwards(String durability) throws Exception {
    kith("create", "c", "--dim", 2, "--metric", "l2").done();
    assertThat(kith("import", "c", points, "--durability", durability, "--json").out().strip())
        .isEqualTo("{\"acknowledged\":3,\"lastId\":\"x\"}");
    assertThat(kith("import", "c", points, "--durability", durability).done())
        .matches("c: 3 points imported, \\d+/s\\R");
    assertThat(kith("get", "c", "x").exit()).isZero();
  }

  @Test
  void import_badLine_keepsWhatStandsBefore_andNamesIt() throws Exception {
    kith("create", "c", "--dim", 2, "--metric", "l2").done();
    var bad =
        Kith.write(temp.resolve("bad.jsonl"), "{\"id\": 7}", "{\"id\": 8, \"vector\": \"no\"}");
    assertThat(kith("import", "c", bad).refused())
        .isEqualTo(
            "kith: %s line 2: 'vector' must be an array of numbers; points imported before it: 1"
                .formatted(bad));
    assertThat(kith("get", "c", 7).done()).isEqualTo("id      7" + System.lineSeparator());
    assertThat(kith("import", "c", temp.resolve("none.jsonl")).refused())
        .isEqualTo("kith: no such file or folder: " + temp.resolve("none.jsonl"));
    assertThat(kith("import", "c", Kith.write(temp.resolve("a.csv"), "1")).refused())
        .startsWith("kith: points are read from files that end in .jsonl, ");
    assertThat(kith("import", "c", points, "--first-id", -1).refused())
        .isEqualTo("kith: --first-id must be 0 or more: -1; see kith import --help");
    assertThat(kith("import", "c", points, "--durability", "maybe").refused())
        .contains("--durability", "expected one of [REQUEST, INTERVAL, NONE]");
  }

  @Test
  void import_vectorFiles_areNumberedOnFromFileToFile() throws Exception {
    kith("create", "c", "--dim", 2, "--metric", "l2").done();
    var rows = temp.resolve("v.fvecs");
    try (var writer = VectorWriter.create(rows, 2)) {
      writer.append(new float[] {1, 2});
      writer.append(new float[] {3, 4});
      writer.commit();
    }
    kith("import", "c", rows, rows, "--first-id", 10).done();
    assertThat(kith("get", "c", 10, 11, 12, 13, "--json").json().toString())
        .isEqualTo(
            "[{\"id\":10,\"vector\":[1.0,2.0]},{\"id\":11,\"vector\":[3.0,4.0]},"
                + "{\"id\":12,\"vector\":[1.0,2.0]},{\"id\":13,\"vector\":[3.0,4.0]}]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "snappy", "zstd"})
  void import_parquet_ofTheUsualCodecs(String codec) throws Exception {
    var schema =
        "{\"vectors\": {\"vector\": {\"dimension\": 2, \"metric\": \"l2\"}, \"small\":"
            + " {\"dimension\": 1, \"metric\": \"dot\"}}}";
    var file =
        Checkout.root()
            .resolve("db/src/test/resources/dev/kith/db/transfer/json-%s.parquet".formatted(codec));
    kith("create", "c", "--schema", Files.writeString(temp.resolve("s.json"), schema)).done();
    kith("import", "c", file).done();
    assertThat(kith("get", "c", "a", "--json").json().toString())
        .isEqualTo(
            "[{\"id\":\"a\",\"vectors\":{\"vector\":[1.0,2.0],\"small\":[1.0]},\"payload\":{\"year\":1999}}]");
  }

  @Test
  void search_pathOfAPointWithTooManyKeys_saysThatPayloadsWereRead() throws Exception {
    kith("create", "c", "--dim", 2, "--metric", "l2").done();
    var keys =
        IntStream.range(0, 1100)
            .mapToObj(i -> "\"k%d\": %d".formatted(i, i))
            .collect(Collectors.joining(", ", "{", "}"));
    var points =
        Kith.write(
            temp.resolve("wide.jsonl"),
            "{\"id\": 1, \"vector\": [1, 2], \"payload\": %s}".formatted(keys),
            "{\"id\": 2, \"vector\": [1, 3], \"payload\": {\"k5\": 6}}");
    kith("import", "c", points).done();
    assertThat(kith("search", "c", "--vector", vector("[1, 2]"), "--filter", "k5 == 5").done())
        .contains("1 hit by ", "payloads read for k5)");
    assertThat(kith("search", "c", "--vector", vector("[1, 2]")).done())
        .contains("2 hits by ")
        .doesNotContain("payloads read");
  }

  @Test
  void import_textsByAModel_thenSearchByMeaningAndWords() throws Exception {
    kith("create", "c", "--dim", 384, "--metric", "cosine", "--field", "text=text").done();
    var corpus = TinyBeir.write(temp.resolve("tiny")).resolve("corpus.jsonl");
    var bad = kith("import", "c", corpus);
    assertThat(bad.refused())
        .isEqualTo(
            "kith: %s line 1: unknown key '_id'; known are id, vector, vectors and payload (texts become points by kith import --model M); nothing was imported"
                .formatted(corpus));
    assertThat(kith("import", "c", corpus, "--model", "bge-small-en-v15-q").done())
        .startsWith("c: 5 points imported, ");
    var found = kith("search", "c", TinyBeir.KITTEN, "-k", 2, "--exact", "--json").json();
    assertThat(Kith.fields(found))
        .containsExactly(
            "query", "backend", "index", "proved", "expectedRecall", "scoreKind", "served", "hits");
    assertThat(found.get("expectedRecall").toString())
        .isEqualTo("{\"mean\":1.0,\"low\":1.0,\"high\":1.0}");
    assertThat(Kith.fields(found.get("served")))
        .containsExactly(
            "bounds",
            "segments",
            "points",
            "rowsRead",
            "keysComputed",
            "hops",
            "fallbacks",
            "scannedPaths",
            "stale");
    assertThat(found.at("/served/points").longValue()).isEqualTo(5);
    assertThat(found.at("/served/rowsRead").longValue()).isEqualTo(5);
    var scalar =
        kith("search", "c", TinyBeir.KITTEN, "--backend", "scalar", "--threads", 1, "--json");
    assertThat(scalar.json().get("backend").textValue()).isEqualTo("scalar");
    assertThat(kith("search", "c", TinyBeir.KITTEN, "--backend", "abacus").refused())
        .startsWith("kith: no such backend: abacus; known are ");
    assertThat(kith("search", "c", TinyBeir.KITTEN, "--threads", -1).refused())
        .isEqualTo("kith: threads must be 0 (all cores) or more: -1");
    assertThat(found.get("query").textValue()).isEqualTo(TinyBeir.KITTEN);
    assertThat(found.get("proved").booleanValue()).isTrue();
    assertThat(found.get("scoreKind").textValue()).isEqualTo("similarity");
    assertThat(found.get("hits").findValuesAsText("id")).containsExactly("own", "nap");
    assertThat(Kith.fields(found.get("hits").get(0)))
        .containsExactly("rank", "id", "score", "payload");
    assertThat(found.get("hits").get(0).get("payload").get("text").textValue())
        .isEqualTo(TinyBeir.KITTEN);
    var both =
        kith("search", "c", "fishing", "--hybrid", "text", "-k", 1, "--json").json().get("hits");
    assertThat(both.findValuesAsText("id")).containsExactly("unjudged");

    kith("create", "small", "--dim", 3, "--metric", "l2").done();
    String differs =
        "kith: a model's vectors must have the collection's dimension: model bge-small-en-v15-q"
            + " gives 384, small has 3 (vector vector); name the model of its vectors by --model";
    assertThat(kith("search", "small", "any").refused()).isEqualTo(differs);
    assertThat(kith("import", "small", corpus, "--model", "bge-small-en-v15-q").refused())
        .isEqualTo(differs);
    var half = Kith.write(temp.resolve("half.jsonl"), TinyBeir.text("one", "first"), "no text");
    assertThat(kith("import", "c", half, "--model", "bge-small-en-v15-q").refused())
        .startsWith("kith: bad line: file=%s, line=2, expected ".formatted(half))
        .endsWith("; points imported before it: 1");
    assertThat(kith("get", "c", "one").exit()).isZero();
  }

  @Test
  void texts_areEmbeddedAsTheCollectionRemembers_andRefusedOtherwise() throws Exception {
    kith("create", "c", "--dim", 384, "--metric", "cosine", "--field", "text=text").done();
    var corpus = TinyBeir.write(temp.resolve("tiny")).resolve("corpus.jsonl");
    kith("import", "c", corpus, "--texts", "--max-length", 64, "--json").done();
    var found = kith("search", "c", TinyBeir.KITTEN, "-k", 1, "--json").json();
    assertThat(found.get("hits").findValuesAsText("id")).containsExactly("own");
    String refused =
        "kith: texts must be embedded as the vectors they are compared with: vector vector of"
            + " collection %s has %s; take that one, or a field of its own";
    String length = refused.formatted("c", "64 tokens of a text, not 512");
    assertThat(kith("search", "c", "any", "--max-length", 512).refused()).isEqualTo(length);
    assertThat(kith("import", "c", corpus, "--texts", "--max-length", 512).refused())
        .isEqualTo(length);
    assertThat(kith("import", "c", corpus, "--texts", "--json").done())
        .contains("\"acknowledged\":5");

    var schema =
        Kith.write(
            temp.resolve("schema.json"),
            "{\"vectors\": {\"vector\": {\"dimension\": 384, \"metric\": \"cosine\", \"model\":"
                + " {\"name\": \"all-minilm-l6-v2\"}}}}");
    kith("create", "other", "--schema", schema).done();
    String another = refused.formatted("other", "model all-minilm-l6-v2, not bge-small-en-v15-q");
    assertThat(kith("search", "other", "any", "--model", "bge-small-en-v15-q").refused())
        .isEqualTo(another);
    assertThat(kith("import", "other", corpus, "--model", "bge-small-en-v15-q").refused())
        .isEqualTo(another);
  }

  @Test
  void search_byVector_ofAnyFile() throws Exception {
    fill();
    var report = kith("search", "c", "--vector", vector("[0, 0]"), "-k", 2, "--json").json();
    assertThat(report.get("query").textValue()).isEqualTo(temp.resolve("q.json").toString());
    assertThat(report.get("index").textValue()).isEqualTo("flat");
    assertThat(report.get("scoreKind").textValue()).isEqualTo("distance");
    assertThat(report.get("hits").toString())
        .isEqualTo(
            "[{\"rank\":1,\"id\":1,\"score\":0.0,\"payload\":{\"lang\":\"en\",\"title\":\"a red"
                + " house\"}},{\"rank\":2,\"id\":2,\"score\":5.0,\"payload\":{\"lang\":\"de\",\"title\":\"ein"
                + " rotes Haus\"}}]");
    var rows = temp.resolve("q.npy");
    try (var writer = VectorWriter.create(rows, 2)) {
      writer.append(new float[] {6, 8});
      writer.commit();
    }
    assertThat(kith("search", "c", "--vector", rows, "-k", 1, "--with-vectors").done().lines())
        .hasSize(3)
        .first(InstanceOfAssertFactories.STRING)
        .startsWith("1 hit by distance   (backend ")
        .endsWith(", index flat, proved exact)");
    var hit =
        kith("search", "c", "--vector", rows, "-k", 1, "--with-vectors", "--json")
            .json()
            .get("hits")
            .get(0);
    assertThat(hit.get("vectors").toString()).isEqualTo("{\"vector\":[6.0,8.0]}");
  }

  @Test
  void search_filtered_grouped_byWords() throws Exception {
    fill();
    var q = vector("[9, 9]");
    assertThat(ids(kith("search", "c", "--vector", q, "--filter", "lang == 'en'", "--json")))
        .containsExactly("x", "1");
    var grouped =
        kith("search", "c", "--vector", q, "--group", "lang", "--group-size", 1, "--json");
    assertThat(ids(grouped)).containsExactly("x", "2");
    assertThat(grouped.json().get("hits").findValuesAsText("group")).containsExactly("en", "de");
    assertThat(ids(kith("search", "c", "red car", "--words", "title", "--json")))
        .containsExactlyInAnyOrder("1", "x");
    assertThat(kith("search", "c", "red", "--words", "title").done().lines())
        .first(InstanceOfAssertFactories.STRING)
        .isEqualTo("1 hit by similarity   (backend lucene, index words)");
  }

  private static List<String> ids(Kith.Result result) throws IOException {
    return result.json().get("hits").findValuesAsText("id");
  }

  @Test
  void search_whatMakesNoSense_isRefused() throws Exception {
    fill();
    var q = vector("[9, 9]");
    String help = "; see kith search --help";
    assertThat(kith("search", "c").refused())
        .isEqualTo("kith: say what to look for: a text, or --vector FILE, not both" + help);
    assertThat(kith("search", "c", "a", "--vector", q).refused())
        .isEqualTo("kith: say what to look for: a text, or --vector FILE, not both" + help);
    assertThat(kith("search", "c", "--vector", q, "--words", "title").refused())
        .isEqualTo("kith: --words and --hybrid take a text" + help);
    assertThat(kith("search", "c", "a", "--words", "title", "--hybrid", "title").refused())
        .isEqualTo("kith: --words and --hybrid are two ways: choose one" + help);
    assertThat(kith("search", "c", "a", "--words", "title", "--exact").refused())
        .isEqualTo("kith: --exact is for vectors: nothing is proved of words" + help);
    assertThat(kith("search", "c", "a", "--words", "lang").refused())
        .isEqualTo("kith: words are looked for in text fields: lang is of type keyword (c)");
    assertThat(kith("search", "c", "--vector", q, "--filter", "lang ==").refused())
        .startsWith("kith: filter: column ");
    assertThat(kith("search", "c", "--vector", q, "-k", 0).refused())
        .isEqualTo("kith: limit must be at least 1: 0");
    assertThat(kith("search", "c", "--vector", vector("[1, 2, 3]")).refused())
        .isEqualTo(
            "kith: query dimension must match the collection: query=3, collection=2 (c, vector"
                + " vector)");
    for (var wrong : new String[] {"{}", "[1, \"2\"]", "[]", "[1"}) {
      assertThat(kith("search", "c", "--vector", vector(wrong)).refused())
          .startsWith("kith: " + temp.resolve("q.json") + ": a vector must ");
    }
  }

  @Test
  void get_printsPoints_andTellsWhichAreMissing() throws Exception {
    fill();
    assertThat(kith("get", "c", "x", 1, "--json").json().findValuesAsText("id"))
        .containsExactly("x", "1");
    var result = kith("get", "c", 1, 99, "y");
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.out().lines())
        .containsExactly("id      1", "lang    en", "title   a red house", "vector  2 x float32");
    assertThat(kith("get", "c", 2, "x", "--vectors").done().lines())
        .containsExactly(
            "id      2",
            "lang    de",
            "title   ein rotes Haus",
            "vector  [3.0, 4.0]",
            "",
            "id      x",
            "lang    en",
            "title   a blue car",
            "vector  [6.0, 8.0]");
    assertThat(result.err().strip()).isEqualTo("kith: no such point: 99, y (c)");
  }

  @Test
  void ids_textsThatLookLikeOthers_areShownAsTheyAreTyped() throws Exception {
    kith("create", "c", "--dim", 1, "--metric", "l2").done();
    var uuid = "0123abcd-0000-4000-8000-00000000000f";
    var asText = "{\"text\":\"%s\"}".formatted(uuid);
    var file =
        Kith.write(
            temp.resolve("ids.jsonl"),
            "{\"id\": \"12\", \"vector\": [1]}",
            "{\"id\": %s, \"vector\": [2]}".formatted(asText),
            "{\"id\": \"\\u001b]0;a\\u0007\", \"vector\": [3]}");
    kith("import", "c", file).done();
    var shown =
        kith("search", "c", "--vector", vector("[0]"))
            .done()
            .lines()
            .skip(1)
            .map(line -> line.strip().split("  ", -1)[1])
            .toList();
    assertThat(shown).containsExactly("\"12\"", asText, "\"\\u001B]0;a\\u0007\"");
    for (var id : shown) {
      assertThat(kith("get", "c", id).done()).startsWith("id      " + id + "\n");
    }
    assertThat(kith("get", "c", 12, uuid).err().strip())
        .isEqualTo(
            "kith: no such point: 12, %s (c); texts that look like them are there: '\"12\"', '%s'"
                .formatted(uuid, asText));
    var deleted = kith("delete", "c", 12);
    assertThat(deleted.exit()).isEqualTo(1);
    assertThat(deleted.out().strip()).isEqualTo("0 points deleted");
    assertThat(deleted.err().strip())
        .isEqualTo("kith: no such point: 12 (c); texts that look like them are there: '\"12\"'");
    for (var id : shown) {
      assertThat(kith("delete", "c", id).done().strip()).isEqualTo("1 point deleted");
    }
    assertThat(kith("get", "c", "\"12").refused())
        .isEqualTo(
            "kith: an id that begins with a quote must be a JSON string: \"12; the text itself is"
                + " '\"\\\"12\"'");
  }

  @Test
  void search_noMatch_saysWhy() throws Exception {
    fill();
    var q = vector("[9, 9]");
    assertThat(kith("search", "c", "--vector", q, "--filter", "lang == 'fr'").done().strip())
        .isEqualTo("no point passes the filter: lang == 'fr'");
    assertThat(kith("search", "c", "--vector", q, "--threshold", 0.5).done().strip())
        .isEqualTo("no hit: nothing is that near, or --offset leaves all out");
    kith("create", "none", "--dim", 2).done();
    assertThat(kith("search", "none", "--vector", q).done().strip())
        .isEqualTo("the collection has no points yet");
  }

  @Test
  void search_filterThatDoesNotFit_isRefusedBeforeAModelIsLoaded() throws Exception {
    fill();
    // A model that is not there: it would be refused if it were loaded first.
    var model = temp.resolve("no-model");
    assertThat(kith("search", "c", "any", "--model", model, "--filter", "year ~ 'x'").refused())
        .isEqualTo(
            "kith: filter: column 1: no indexed field is called year; the collection has lang,"
                + " title");
    assertThat(kith("search", "c", "any", "--model", model, "--filter", "lang =").refused())
        .startsWith("kith: filter: column ");
    assertThat(kith("search", "c", "any", "--model", model).refused()).contains("no-model");
  }

  @Test
  void search_offsetAndThreshold_giveThePageAndTheNear() throws Exception {
    fill();
    var q = vector("[0, 0]");
    var page = kith("search", "c", "--vector", q, "-k", 1, "--offset", 1, "--json");
    assertThat(ids(page)).containsExactly("2");
    assertThat(page.json().at("/hits/0/rank").intValue()).isEqualTo(2);
    assertThat(ids(kith("search", "c", "--vector", q, "--threshold", 5, "--json")))
        .containsExactly("1", "2");
    assertThat(kith("search", "c", "--vector", q, "--offset", -1).refused())
        .startsWith("kith: offset must be 0 or more");
    assertThat(kith("search", "c", "--vector", q, "--group", "lang", "--offset", 1).refused())
        .isEqualTo(
            "kith: --offset leaves out hits, not groups: give it without --group; see kith search"
                + " --help");
  }

  @Test
  void recommend_likeAndUnlike() throws Exception {
    fill();
    var like = kith("recommend", "c", 1, "--json");
    assertThat(ids(like)).containsExactly("2", "x");
    assertThat(like.json().get("query").textValue()).isEqualTo("like 1");
    var both = kith("recommend", "c", 2, "--unlike", 1, "--exact", "--json");
    assertThat(ids(both)).containsExactly("x");
    assertThat(both.json().get("query").textValue()).isEqualTo("like 2; unlike 1");
    assertThat(kith("recommend", "c", 1, "-k", 1).done().lines())
        .last(InstanceOfAssertFactories.STRING)
        .startsWith("  1. 5.00000  2  {");
    assertThat(kith("recommend", "c", 1, "--unlike", 77).refused())
        .isEqualTo("kith: no such point: 77 (c)");
  }

  @Test
  void count_ofAllOrOfThoseThatPass() throws Exception {
    fill();
    assertThat(kith("count", "c").done().strip()).isEqualTo("3");
    assertThat(kith("count", "c", "--filter", "lang == 'en'", "--json").json().toString())
        .isEqualTo("{\"points\":2}");
  }

  @Test
  void facet_countsValues() throws Exception {
    fill();
    assertThat(kith("facet", "c", "lang").done().lines())
        .containsExactly("lang  points", "en         2", "de         1");
    assertThat(kith("facet", "c", "lang", "-k", 1, "--json").json().toString())
        .isEqualTo("{\"field\":\"lang\",\"values\":[{\"value\":\"en\",\"points\":2}]}");
    assertThat(kith("facet", "c", "lang", "--filter", "lang == 'fr'").done().strip())
        .isEqualTo("no point that passes has the field lang");
    assertThat(kith("facet", "c", "lang", "-k", 0).refused())
        .isEqualTo("kith: --limit must be at least 1: 0; see kith facet --help");
    assertThat(kith("facet", "c", "title").refused()).contains("title");
  }

  @Test
  void browse_pagesInTheOrderOfIds() throws Exception {
    fill();
    assertThat(kith("browse", "c", "-k", 2).done().lines())
        .containsExactly(
            "id  payload",
            " 1  {\"lang\":\"en\",\"title\":\"a red house\"}",
            " 2  {\"lang\":\"de\",\"title\":\"ein rotes Haus\"}",
            "more: --after 2");
    assertThat(kith("browse", "c", "--after", 2, "--vectors").done().lines())
        .containsExactly(
            "id  payload                             vectors",
            "x   {\"lang\":\"en\",\"title\":\"a blue car\"}  vector [6.0, 8.0]");
    var page = kith("browse", "c", "-k", 1, "--filter", "lang == 'en'", "--json").json();
    assertThat(page.toString())
        .isEqualTo(
            "{\"points\":[{\"id\":1,\"payload\":{\"lang\":\"en\",\"title\":\"a red"
                + " house\"}}],\"next\":1}");
    assertThat(kith("browse", "c", "--after", "x").done().strip()).isEqualTo("no more points");
    assertThat(kith("browse", "c", "--filter", "lang == 'fr'").done().strip())
        .isEqualTo("no point passes the filter: lang == 'fr'");
    assertThat(kith("browse", "c", "-k", 0).refused())
        .isEqualTo("kith: --limit must be at least 1: 0; see kith browse --help");
  }

  @Test
  void set_mergesOrReplacesPayloads_andLeavesVectors() throws Exception {
    fill();
    assertThat(kith("set", "c", 1, "--payload", "{\"lang\": \"fr\", \"n\": 1}").done().strip())
        .isEqualTo("1 point changed");
    assertThat(kith("get", "c", 1, "--json").json().toString())
        .isEqualTo(
            "[{\"id\":1,\"vector\":[0.0,0.0],\"payload\":{\"title\":\"a red"
                + " house\",\"lang\":\"fr\",\"n\":1}}]");
    assertThat(
            kith("set", "c", "--filter", "lang == 'en'", "--payload", "{}", "--replace", "--json")
                .json()
                .toString())
        .isEqualTo("{\"changed\":1}");
    assertThat(kith("get", "c", "x").done().lines())
        .containsExactly("id      x", "vector  2 x float32");
    var missing = kith("set", "c", 99, "--payload", "{}");
    assertThat(missing.exit()).isEqualTo(1);
    assertThat(missing.err().strip()).isEqualTo("kith: no such point: 99 (c)");
    assertThat(kith("set", "c", "--filter", "lang == 'it'", "--payload", "{}").done().strip())
        .isEqualTo("no point passes the filter: lang == 'it'");
    assertThat(kith("set", "c", 1, "--payload", "[1]").refused()).startsWith("kith: --payload: ");
    assertThat(kith("set", "c", "--payload", "{}").refused())
        .isEqualTo("kith: say which points: ids, or --filter, not both; see kith set --help");
  }

  @Test
  void alter_addsFieldsAndVectors_andChangesIndexes() throws Exception {
    fill();
    kith("set", "c", 1, "--payload", "{\"year\": 1999}").done();
    var made =
        kith(
                "alter",
                "c",
                "--field",
                "year=integer",
                "--add-vector",
                "image=3:dot",
                "--index",
                "vector=flat",
                "--json")
            .json();
    assertThat(made.get("schema").toString())
        .isEqualTo(
            "{\"vectors\":{\"vector\":{\"dimension\":2,\"metric\":\"l2\",\"type\":\"float32\",\"index\":\"flat\"},"
                + "\"image\":{\"dimension\":3,\"metric\":\"dot\",\"type\":\"float32\",\"index\":\"auto(recall=0.99)\"}},"
                + "\"fields\":{\"lang\":\"keyword\",\"title\":\"text\",\"year\":\"integer\"},\"strict\":false}");
    assertThat(kith("count", "c", "--filter", "year == 1999").done().strip()).isEqualTo("1");
    assertThat(kith("alter", "c").refused())
        .isEqualTo(
            "kith: say what to change: --field, --add-vector or --index; see kith alter --help");
    assertThat(kith("alter", "c", "--add-vector", "b=2", "--field", "a=keyword").refused())
        .isEqualTo(
            "kith: --add-vector must be NAME=D:METRIC, such as image=512:cosine: b=2; see kith"
                + " alter --help");
    assertThat(kith("alter", "c", "--field", "a=keyword", "--index", "z=flat").refused())
        .isEqualTo("kith: no such vector: z; the collection has vector, image");
    assertThat(kith("stats", "c", "--json").json().at("/schema/fields").has("a")).isFalse();
  }

  @Test
  void snapshot_andRestore_comeBack() throws Exception {
    fill();
    var folder = temp.resolve("kept");
    assertThat(kith("snapshot", "c", folder).done().strip()).isEqualTo(folder + ": 3 points of c");
    kith("delete", "c", 1, 2).done();
    assertThat(kith("restore", "d", folder, "--json").json().toString())
        .isEqualTo("{\"name\":\"d\",\"folder\":\"%s\",\"points\":3}".formatted(db.resolve("d")));
    assertThat(kith("get", "d", 1, 2, "x").exit()).isZero();
    assertThat(kith("verify", "d").done().strip()).isEqualTo("d is whole");
    assertThat(kith("restore", "d", folder).refused())
        .startsWith("kith: there is a collection of that name already: d");
    assertThat(kith("restore", "e", temp.resolve("nothing")).refused())
        .contains(temp.resolve("nothing").toString());
    assertThat(kith("snapshot", "c", folder).refused()).contains(folder.toString());
  }

  @Test
  void delete_byIds_orByFilter() throws Exception {
    fill();
    var some = kith("delete", "c", "x", 99);
    assertThat(some.exit()).isZero();
    assertThat(some.out().strip()).isEqualTo("1 point deleted");
    assertThat(some.err().strip()).isEqualTo("kith: no such point: 99 (c)");
    var none = kith("delete", "c", "x", 99, "--json");
    assertThat(none.exit()).isEqualTo(1);
    assertThat(none.out().strip()).isEqualTo("{\n  \"kith\" : 1,\n  \"deleted\" : 0\n}");
    assertThat(none.err().strip()).isEqualTo("kith: no such point: x, 99 (c)");
    assertThat(kith("delete", "c", "--filter", "lang == 'en'", "--json").json().toString())
        .isEqualTo("{\"deleted\":1}");
    assertThat(kith("stats", "c", "--json").json().get("points").longValue()).isEqualTo(1);
    assertThat(kith("delete", "c").refused())
        .isEqualTo("kith: say which points: ids, or --filter, not both; see kith delete --help");
    assertThat(kith("delete", "c", 1, "--filter", "lang == 'en'").exit()).isEqualTo(2);
  }

  @Test
  void search_recallAndExact_takeTheirWayOrAreRefused() throws Exception {
    fill();
    kith("alter", "c", "--index", "vector=graph").done();
    var query = vector("[0, 0]");
    assertThat(kith("search", "c", "--vector", query, "--recall", 0.9).done())
        .startsWith("3 hits by distance")
        .contains("proved exact");
    assertThat(kith("search", "c", "--vector", query, "--recall", 1.5).refused())
        .startsWith("kith: --recall must be above 0 and at most 1: 1.5");
    assertThat(kith("search", "c", "--vector", query, "--recall", 0.5, "--exact").refused())
        .startsWith("kith: --exact and --recall ask for two answers: give one of them");
  }

  @Test
  void stats_optimize_verify() throws Exception {
    fill();
    kith("import", "c", points).done();
    var stats = kith("stats", "c", "--json").json();
    assertThat(Kith.fields(stats)).contains("points", "segments", "bytes", "indexes");
    assertThat(stats.get("points").longValue()).isEqualTo(3);
    assertThat(stats.get("bytes").longValue()).isPositive();
    assertThat(stats.get("indexes").get(0).get("index").textValue()).isEqualTo("auto(recall=0.99)");
    assertThat(kith("stats", "c").done().lines())
        .satisfiesExactly(
            line -> assertThat(line).matches("points    3, and \\d+ deleted"),
            line -> assertThat(line).matches("segments  \\d+"),
            line -> assertThat(line).matches("disk      [\\d.]+ kB, of them [\\d.]+ k?B of log"),
            line -> assertThat(line).isEmpty(),
            line ->
                assertThat(line)
                    .isEqualTo(
                        "vector  elements  type     metric  rows  size  shadow  indexed  index size"
                            + "  index"),
            line ->
                assertThat(line)
                    .matches(
                        "vector +2 +float32 +l2 +\\d+ +\\d+ B +0 B +0 +0 B"
                            + " +auto\\(recall=0\\.99\\)"),
            line -> assertThat(line).isEmpty(),
            line -> assertThat(line).isEqualTo("field  type"),
            line -> assertThat(line).isEqualTo("lang   keyword"),
            line -> assertThat(line).isEqualTo("title  text"));
    var optimized = kith("optimize", "c", "--json").json();
    assertThat(optimized.get("ended").booleanValue()).isTrue();
    assertThat(optimized.get("segments").intValue()).isEqualTo(1);
    assertThat(kith("stats", "c", "--json").json().get("deleted").longValue()).isZero();
    assertThat(kith("verify", "c").done().strip()).isEqualTo("c is whole");
    assertThat(kith("verify", "c", "--json").json().get("problems")).isEmpty();
  }

  @Test
  void verify_damage_isListedWithExitStatusOne() throws Exception {
    fill();
    kith("optimize", "c").done();
    damage("c/segments");
    var result = kith("verify", "c");
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err()).isEmpty();
    assertThat(result.out().lines()).isNotEmpty();
    assertThat(result.out()).containsIgnoringCase("checksum");
    var report = kith("verify", "c", "--json");
    assertThat(report.exit()).isEqualTo(1);
    assertThat(report.json().get("problems")).isNotEmpty();
  }

  @Test
  void verify_fileThatIsMissing_isAProblem() throws Exception {
    fill();
    for (var name : Kith.names(db.resolve("c/segments"))) {
      if (!name.startsWith("segments_")) {
        Files.delete(db.resolve("c/segments").resolve(name));
      }
    }
    var result = kith("verify", "c");
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err()).isEmpty();
    assertThat(result.out().lines())
        .singleElement(InstanceOfAssertFactories.STRING)
        .contains("missing", db.resolve("c/segments").toString());
  }

  /** Flips a byte in the middle of the largest file. */
  private void damage(String folder) throws IOException {
    try (var files = Files.list(db.resolve(folder))) {
      var largest =
          files
              .filter(file -> !file.getFileName().toString().startsWith("segments_"))
              .max(Comparator.comparingLong(file -> file.toFile().length()))
              .orElseThrow();
      var bytes = Files.readAllBytes(largest);
      bytes[bytes.length / 2] ^= 1;
      Files.write(largest, bytes);
    }
  }

  @Test
  void export_andImport_comeBack() throws Exception {
    fill();
    var file = temp.resolve("out.jsonl");
    assertThat(kith("export", "c", file).done().strip()).isEqualTo(file + ": 3 points");
    kith("create", "d", "--dim", 2, "--metric", "l2").done();
    kith("import", "d", file).done();
    var again = temp.resolve("again.jsonl");
    kith("export", "d", again).done();
    assertThat(again).hasSameBinaryContentAs(file);
    var rows = temp.resolve("out.npy");
    assertThat(
            kith("export", "c", rows, "--filter", "lang == 'de'", "--json")
                .json()
                .get("points")
                .longValue())
        .isEqualTo(1);
    try (var vectors = VectorFiles.open(rows)) {
      assertThat(vectors.row(0)).containsExactly(3, 4);
    }
    assertThat(kith("export", "c", temp.resolve("out.parquet")).refused())
        .isEqualTo(
            "kith: what is written must end in .jsonl or .npy or .fvecs: file="
                + temp.resolve("out.parquet"));
  }

  @Test
  void drop_wantsAYes() {
    fill();
    assertThat(kith("drop", "c").refused())
        .isEqualTo(
            "kith: dropping removes the collection for good: c has 3 points; say --yes to do it");
    assertThat(kith("drop", "c", "--yes").done().strip()).isEqualTo("dropped c");
    assertThat(kith("list").done().strip()).isEqualTo("no collections yet: kith create makes one");
  }

  @Test
  void collection_thatIsNot_isRefusedByAll() throws Exception {
    var q = vector("[1]");
    var commands =
        List.of(
            List.<Object>of("import", "z", points),
            List.<Object>of("search", "z", "--vector", q),
            List.<Object>of("get", "z", 1),
            List.<Object>of("delete", "z", 1),
            List.<Object>of("stats", "z"),
            List.<Object>of("optimize", "z"),
            List.<Object>of("verify", "z"),
            List.<Object>of("export", "z", temp.resolve("o.jsonl")),
            List.<Object>of("count", "z"),
            List.<Object>of("facet", "z", "lang"),
            List.<Object>of("browse", "z"),
            List.<Object>of("set", "z", 1, "--payload", "{}"),
            List.<Object>of("alter", "z", "--field", "a=keyword"),
            List.<Object>of("recommend", "z", 1),
            List.<Object>of("snapshot", "z", temp.resolve("s")),
            List.<Object>of("drop", "z", "--yes"));
    for (var command : commands) {
      assertThat(kith(command.toArray()).refused())
          .isEqualTo(
              "kith: no such database: %s; kith create makes one, --db names another"
                  .formatted(db));
    }
    assertThat(db).doesNotExist();
    fill();
    for (var command : commands) {
      assertThat(kith(command.toArray()).refused())
          .isEqualTo("kith: no such collection: z (%s); there are c".formatted(db));
    }
  }

  @Test
  void collection_thatAnotherWrites_isReadAsItsCheckpointLeftIt() throws Exception {
    fill();
    var q = vector("[0, 0]");
    try (var other = dev.kith.db.Kith.open(db)) {
      var collection = other.collection("c");
      collection.upsert(new Point(PointId.of(50), Map.of(), Payload.EMPTY));
      var searched = kith("search", "c", "--vector", q, "--json");
      assertThat(searched.exit()).isZero();
      assertThat(searched.err().strip())
          .isEqualTo(
              "another process writes c: read as its last checkpoint left it (%s)"
                  .formatted(db.resolve("c")));
      JsonNode hits = JSON.readTree(searched.out()).get("hits");
      assertThat(hits).hasSize(3);
      var exported = kith("export", "c", temp.resolve("o.jsonl"));
      assertThat(exported.exit()).isZero();
      assertThat(exported.out().strip()).endsWith("o.jsonl: 3 points");
      assertThat(kith("verify", "c").exit()).isZero();
      for (var command :
          List.of(
              List.<Object>of("import", "c", points),
              List.<Object>of("delete", "c", 1),
              List.<Object>of("optimize", "c"),
              List.<Object>of("drop", "c", "--yes"))) {
        assertThat(kith(command.toArray()).refused())
            .isEqualTo(
                "kith: a collection has one writer: this process has it open already (lock=%s); close it there, or open it read-only here"
                    .formatted(db.resolve("c").resolve("lock")));
      }
    }
    assertThat(kith("get", "c", 50, "--json").json().toString()).isEqualTo("[{\"id\":50}]");
  }

  @Test
  void log_thatIsDamaged_isRefusedInOneLine_andAProblemForVerify() throws Exception {
    fill();
    var crashed = temp.resolve("crashed");
    try (var other = dev.kith.db.Kith.open(db)) {
      for (int i = 0; i < 20; i++) {
        other.collection("c").upsert(Point.of(PointId.of(i), new float[] {i, i}));
      }
      copy(db, crashed); // as if the process had died here
    }
    db = crashed;
    assertThat(kith("stats", "c", "--json").json().get("points").longValue()).isEqualTo(21);

    try (var other = dev.kith.db.Kith.open(db)) {
      for (int i = 0; i < 20; i++) {
        other.collection("c").upsert(Point.of(PointId.of(i), new float[] {i, i}));
      }
      db = temp.resolve("again");
      copy(crashed, db);
    }
    var log = db.resolve("c/log");
    var newest = log.resolve(Kith.names(log).getLast());
    var bytes = Files.readAllBytes(newest);
    bytes[100] ^= 1;
    Files.write(newest, bytes);
    var refused = kith("stats", "c");
    assertThat(refused.refused()).contains("file=" + newest, "offset=");
    var verified = kith("verify", "c");
    assertThat(verified.exit()).isEqualTo(1);
    assertThat(verified.out()).contains("file=" + newest);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var all = Files.walk(from)) {
      for (var one : all.toList()) {
        Files.copy(one, to.resolve(from.relativize(one).toString()));
      }
    }
  }

  @Test
  void benchDb_smallRun_reportsEveryCost() throws Exception {
    var result =
        Kith.run(
            "bench-db",
            "--n",
            "300",
            "--dim",
            "8",
            "--upserts",
            "64",
            "--writers",
            "4",
            "--warm-up",
            "9",
            "--rounds",
            "1",
            "--folder",
            temp.resolve("bench"),
            "--json");
    assertThat(result.exit()).isZero();
    var report = result.json();
    assertThat(report.get("imports").findValuesAsText("durability"))
        .containsExactly("request", "interval", "none");
    assertThat(report.get("disk").get("vectorBytes").longValue()).isEqualTo(300 * 8 * 4);
    assertThat(report.get("filtered").get(0).get("passed").longValue()).isEqualTo(3);
    assertThat(report.get("upserts")).hasSize(2);
    assertThat(temp.resolve("bench")).doesNotExist();
  }

  @Test
  void import_jsonBeyondALimit_isOneLine() throws Exception {
    fill();
    var deep = "[".repeat(1001) + "]".repeat(1001);
    for (var value : List.of("9".repeat(1001), "9".repeat(3000), deep)) {
      var file =
          Kith.write(
              temp.resolve("limits.jsonl"),
              "{\"id\": 1, \"vector\": [1, 2], \"payload\": {\"n\": " + value + "}}");
      assertThat(kith("import", "c", file).refused())
          .startsWith("kith: " + file + " line 1: ")
          .containsAnyOf("at most 1000", "maximum allowed (2000)")
          .endsWith("; nothing was imported");
    }
    assertThat(kith("search", "c", "--vector", vector("[" + "9".repeat(3000) + "]")).refused())
        .endsWith("Number value length (3000) exceeds the maximum allowed (2000)");
    var schema = Kith.write(temp.resolve("schema.json"), "[".repeat(2000));
    assertThat(kith("create", "d", "--schema", schema).refused())
        .startsWith("kith: " + schema + ": a schema must be JSON: Document nesting depth");
  }

  @Test
  void get_payloadNestedAsDeepAsAllowed_isPrinted() throws Exception {
    fill();
    var deepest = "[".repeat(999) + "]".repeat(999);
    var file =
        Kith.write(
            temp.resolve("deep.jsonl"),
            "{\"id\": 9, \"vector\": [0, 0], \"payload\": {\"n\": " + deepest + "}}");
    kith("import", "c", file).done();
    var payload = "{\"n\":" + deepest + "}";
    assertThat(kith("get", "c", "9", "--json").done()).contains(payload);
    assertThat(kith("search", "c", "--vector", vector("[0, 0]"), "--json").done())
        .contains(payload);
  }

  @Test
  void create_schemaWithAByteOrderMark_isRead() throws Exception {
    var schema = temp.resolve("schema.json");
    String json = "{\"vectors\": {\"v\": {\"dimension\": 2, \"metric\": \"l2\"}}}";
    Files.writeString(schema, "\ufeff" + json);
    kith("create", "d", "--schema", schema).done();
  }

  @Test
  void search_digitsOfAPoint_areTheSameFloats() throws Exception {
    fill();
    var digits = "[1.00000017881393432617187499,2]";
    var file = Kith.write(temp.resolve("one.jsonl"), "{\"id\": 900, \"vector\": " + digits + "}");
    kith("import", "c", file).done();
    var found =
        JSON.readTree(kith("search", "c", "--vector", vector(digits), "-k", 1, "--json").done());
    assertThat(found.at("/hits/0/score").doubleValue()).isZero();
  }

  @Test
  void database_danglingLink_isNamed() throws Exception {
    Files.createSymbolicLink(db, temp.resolve("gone"));
    for (var command :
        List.of(
            List.<Object>of("create", "c", "--dim", 2, "--metric", "l2"),
            List.<Object>of("stats", "c"))) {
      assertThat(kith(command.toArray()).refused())
          .isEqualTo(
              "kith: a database is a folder, and %s is a link to one that is not there; make that folder, or --db names another"
                  .formatted(db));
    }
  }
}
