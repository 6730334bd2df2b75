package dev.kith.db.transfer;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorWriter;
import dev.kith.db.Collection;
import dev.kith.db.Kith;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(Seeded.class)
class PointImportTest {
  private static final Schema SCHEMA =
      Schema.of(2, Metric.L2)
          .withVector("small", VectorField.of(1, Metric.DOT).withType(ElementType.INT8))
          .withField("year", FieldType.INTEGER);

  @TempDir Path temp;
  private final Kith kith = Kith.inMemory();
  private Path file;
  private Collection collection;

  @BeforeEach
  void open() {
    file = temp.resolve("a.jsonl");
    collection = kith.create("c", SCHEMA);
  }

  @AfterEach
  void close() {
    kith.close();
  }

  private long run(Path from) throws IOException {
    try (var points = PointReader.open(from, SCHEMA)) {
      return PointImport.run(collection, points);
    }
  }

  private Point only(String line) throws IOException {
    Files.writeString(file, line + "\n");
    try (var points = PointReader.open(file, SCHEMA)) {
      return requireNonNull(points.next());
    }
  }

  @Test
  void jsonl_idsOfAllKinds() throws Exception {
    assertThat(only("{\"id\": 18446744073709551615}").id()).isEqualTo(PointId.of(-1));
    assertThat(only("{\"id\": \"7\"}").id()).isEqualTo(PointId.of("7"));
    String uuid = "00112233-4455-6677-8899-aabbccddeeff";
    assertThat(only("{\"id\": \"%s\"}".formatted(uuid)).id()).isEqualTo(PointId.parse(uuid));
    String upper = "00112233-4455-6677-8899-AABBCCDDEEFF";
    assertThat(only("{\"id\": \"%s\"}".formatted(upper)).id()).isEqualTo(PointId.of(upper));
    assertThat(only("{\"id\": {\"text\": \"%s\"}}".formatted(uuid)).id())
        .isEqualTo(PointId.of(uuid));
  }

  @Test
  void jsonl_numbers_areTheNearestFloats_roundedOnce() throws Exception {
    // Exactly between two doubles' floats: by way of a double it would become 1.0.
    var point = only("{\"id\": 1, \"vector\": [1.000000059604644775390625000001, 16777217]}");
    assertThat(point.vector("vector")).containsExactly(Math.nextUp(1f), 16_777_216f);
  }

  @Test
  void jsonl_blankLinesAndCarriageReturnsAndNoLastLineFeed() throws Exception {
    Files.writeString(file, "\n{\"id\": 1}\r\n  \r\n\t\n{\"id\": 2, \"payload\": {}}", UTF_8);
    assertThat(run(file)).isEqualTo(2);
    assertThat(collection.get(PointId.of(2)))
        .isEqualTo(new Point(PointId.of(2), Map.of(), Payload.EMPTY));
  }

  @Test
  void jsonl_beyondALimit_isOneLine_withFileAndLineAndLimit() throws Exception {
    String head = "{\"id\": 1}\n{\"id\": 2, \"payload\": {\"n\": ";
    Files.writeString(file, head + "9".repeat(1001) + "}}\n");
    assertThatThrownBy(() -> run(file))
        .isInstanceOf(TransferException.class)
        .hasMessage(
            file
                + " line 2: a number in a payload must have at most 1000 characters:"
                + " characters=1001 at /payload/n; points imported before it: 1");
    Files.writeString(file, head + "9".repeat(3000) + "}}\n");
    assertThatThrownBy(() -> run(file))
        .isInstanceOf(TransferException.class)
        .hasMessage(
            file
                + " line 2: a line must be one JSON object: Number value length (3000) exceeds the"
                + " maximum allowed (2000); points imported before it: 1");
    Files.writeString(file, head + "[".repeat(1001) + "]".repeat(1001) + "}}\n");
    assertThatThrownBy(() -> run(file))
        .isInstanceOf(TransferException.class)
        .hasMessageContaining(" line 2: a payload may be nested at most 1000 deep: it is deeper");
    Files.writeString(file, "{\"id\": " + "[".repeat(5000) + "]".repeat(5000) + "}\n");
    assertThatThrownBy(() -> run(file))
        .isInstanceOf(TransferException.class)
        .hasMessageContaining(" line 1: a line must be one JSON object: Document nesting depth (");
    Files.writeString(file, "{\"id\": " + "9".repeat(1500) + "}\n");
    assertThatThrownBy(() -> run(file))
        .isInstanceOf(TransferException.class)
        .hasMessageContaining(" line 1: 'id' must be an integer of 0 to ");
  }

  @Test
  void jsonl_halfASurrogate_isRefused() throws Exception {
    Files.writeString(file, "{\"id\": 1, \"payload\": {\"a\": [\"\\ud83d\"]}}\n");
    assertThatThrownBy(() -> run(file))
        .isInstanceOf(TransferException.class)
        .hasMessageContaining("surrogate");
  }

  @Test
  void export_payloadAtTheLimits_isImportedAgain() throws Exception {
    var payload =
        Payload.parse(
            "{\"d\":%s,\"n\":[%s,100.0,1e2,-0.0],\"😀\":\"%s\",\"%s\":1}"
                .formatted(
                    "[".repeat(999) + "]".repeat(999),
                    "9".repeat(1000),
                    "é".repeat(20_000_000),
                    "é".repeat(50_000)));
    collection.upsert(new Point(PointId.of(1), Map.of(), payload));
    try (var reader = collection.reader()) {
      PointExport.run(reader, null, file, _ -> {});
    }
    collection.delete(PointId.of(1));
    assertThat(run(file)).isEqualTo(1);
    assertThat(requireNonNull(collection.get(PointId.of(1))).payload().utf8())
        .isEqualTo(payload.utf8());
  }

  @Test
  void jsonl_nulls_areWhatIsNotThere() throws Exception {
    var nothing = new Point(PointId.of(1), Map.of(), Payload.EMPTY);
    assertThat(only("{\"id\": 1, \"vector\": null}")).isEqualTo(nothing);
    assertThat(only("{\"id\": 1, \"vectors\": null}")).isEqualTo(nothing);
    assertThat(only("{\"id\": 1, \"vectors\": {\"small\": null}}")).isEqualTo(nothing);
    assertThat(only("{\"id\": 1, \"payload\": null}")).isEqualTo(nothing);
    Files.writeString(file, "{\"id\": null}");
    assertThatThrownBy(() -> run(file)).hasMessageContaining(" line 1: 'id' must be an integer");
  }

  @ParameterizedTest
  @CsvSource({"1.0, 1", "100.00, 100", "1e3, 1000", "18446744073709551615.0, -1", "-0.0, 0"})
  void jsonl_wholeNumbersAsIds_areIntegers(String written, long id) throws Exception {
    assertThat(only("{\"id\": " + written + "}").id()).isEqualTo(PointId.of(id));
  }

  @ParameterizedTest
  @CsvSource({"1.5", "-1.0", "1e20", "1e400000000", "1e-400000000", "18446744073709551616"})
  void jsonl_otherNumbersAsIds_areShownAsWritten(String written) throws Exception {
    Files.writeString(file, "{\"id\": " + written + "}");
    assertThatThrownBy(() -> run(file))
        .hasMessage(
            "%s line 1: 'id' must be an integer of 0 to 18446744073709551615 or a string: %s; nothing was imported"
                .formatted(file, written.startsWith("1e") ? new BigDecimal(written) : written));
  }

  @Test
  void jsonl_byteOrderMark_isNoText() throws Exception {
    Files.writeString(file, "\ufeff{\"id\": 1}\n{\"id\": 2}\n");
    assertThat(run(file)).isEqualTo(2);
    Files.writeString(file, "\ufeff");
    assertThat(run(file)).isZero();
  }

  @Test
  void jsonl_utf16_saysHowToConvert() throws Exception {
    for (var charset :
        new Charset[] {
          StandardCharsets.UTF_16, StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE
        }) {
      Files.writeString(file, "{\"id\": 1}\n", charset);
      assertThatThrownBy(() -> run(file))
          .isInstanceOf(TransferException.class)
          .hasMessage(
              file
                  + " line 1: a file of JSON lines must be UTF-8, and this is UTF-16 or UTF-32;"
                  + " convert it with iconv -f UTF-16 -t UTF-8; nothing was imported");
    }
  }

  @Test
  void vector_sameDigits_isTheSameFloatEverywhere() throws Exception {
    var json = "[1.00000017881393432617187499,2]";
    assertThat(PointJson.vector(json.getBytes(UTF_8)))
        .isEqualTo(only("{\"id\": 900, \"vector\": " + json + "}").vector("vector"))
        .isEqualTo(new float[] {Float.parseFloat("1.00000017881393432617187499"), 2});
    assertThat(PointJson.vector("\ufeff[1]".getBytes(UTF_8))).containsExactly(1);
    assertThatThrownBy(() -> PointJson.vector("[1, [2]]".getBytes(UTF_8)))
        .hasMessage("a vector must be an array of numbers");
    assertThatThrownBy(() -> PointJson.vector(("[" + "9".repeat(3000) + "]").getBytes(UTF_8)))
        .hasMessage(
            "a vector must be a JSON array of numbers: Number value length (3000) exceeds the"
                + " maximum allowed (2000)");
  }

  @Test
  void jsonl_gz_isUnpacked_andACutOneIsReported() throws Exception {
    var bytes = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(bytes)) {
      gzip.write("{\"id\": 1}\n{\"id\": 2}\n".getBytes(UTF_8));
    }
    var packed = Files.write(temp.resolve("a.jsonl.gz"), bytes.toByteArray());
    assertThat(run(packed)).isEqualTo(2);
    Files.write(packed, Arrays.copyOf(bytes.toByteArray(), bytes.size() - 12));
    assertThatThrownBy(() -> run(packed))
        .isInstanceOf(TransferException.class)
        .hasMessageContaining("a.jsonl.gz line ")
        .hasMessageContaining(": cannot be read on: ");
    Files.writeString(packed, "not packed");
    assertThatThrownBy(() -> run(packed))
        .hasMessage(packed + " cannot be read: Not in GZIP format");
  }

  private static byte[] packed(String text) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(bytes)) {
      gzip.write(text.getBytes(UTF_8));
    }
    return bytes.toByteArray();
  }

  @Test
  void jsonl_gzWithSomethingElseAfterIt_keepsThePointsAndSaysSo() throws Exception {
    var packed = new ByteArrayOutputStream();
    packed.writeBytes(packed("{\"id\": 1}\n"));
    packed.writeBytes(packed("{\"id\": 2}\n"));
    var whole = Files.write(temp.resolve("a.jsonl.gz"), packed.toByteArray());
    assertThat(run(whole)).isEqualTo(2);
    packed.writeBytes("and more".getBytes(UTF_8));
    Files.write(whole, packed.toByteArray());
    assertThatThrownBy(() -> run(whole))
        .isInstanceOf(TransferException.class)
        .hasMessage(
            whole
                + " line 3: cannot be read on: what follows the packed data is no gzip; is the file"
                + " cut short or damaged?; points imported before it: 2");
    assertThat(collection.count()).isEqualTo(2);
  }

  /** Two GiB of one line, in 2 MiB of a file, are met by a heap of 128 MiB. */
  @Test
  @Timeout(300)
  void jsonl_gzOfOneEndlessLine_isRefusedInLittleMemory() throws Exception {
    var bomb = temp.resolve("bomb.jsonl.gz");
    try (var gzip = new GZIPOutputStream(Files.newOutputStream(bomb), 1 << 16)) {
      gzip.write("{\"id\": 1}\n{\"id\": 2, \"payload\": {\"a\": \"".getBytes(UTF_8));
      var block = new byte[1 << 20];
      Arrays.fill(block, (byte) 'a');
      for (int i = 0; i < 512; i++) {
        gzip.write(block);
      }
    }
    var log = temp.resolve("log");
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                Bomb.class.getName(),
                bomb.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(process.waitFor(280, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(log))
        .contains("refused: " + bomb + " line 2: a line must be at most ")
        .contains(
            " bytes, a quarter of the heap; give more memory by -Xmx; points imported before it:"
                + " 1");
    assertThat(process.exitValue()).isZero();
  }

  /** What the other JVM does. */
  static final class Bomb {
    private Bomb() {}

    /** Imports that file. */
    public static void main(String[] args) throws IOException {
      try (var kith = Kith.inMemory();
          var points = PointReader.open(Path.of(args[0]), SCHEMA)) {
        long _ = PointImport.run(kith.create("c", SCHEMA), points);
      } catch (TransferException e) {
        System.out.println("refused: " + e.getMessage());
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"vector": [1, 2]}                          | 'id' is missing
          {"id": -1}                                  | 'id' must be an integer of 0 to 18446744073709551615 or a string: -1
          {"id": 18446744073709551616}                | 'id' must be an integer of 0 to 18446744073709551615 or a string: 18446744073709551616
          {"id": 1.5}                                 | 'id' must be an integer of 0 to 18446744073709551615 or a string: 1.5
          {"id": null}                                | 'id' must be an integer of 0 to 18446744073709551615 or a string: null
          {"id": {"text": 1}}                         | 'id' must be an integer of 0 to 18446744073709551615 or a string: {"text":1}
          {"id": ""}                                  | an id must have 1 to 1024 bytes of UTF-8: bytes=0
          {"id": "\\ud800"}                           | an id must be Unicode text: it has half a surrogate
          {"id": 1, "vector": 5}                      | 'vector' must be an array of numbers
          {"id": 1, "vector": [1, "2"]}               | 'vector' must be an array of numbers
          {"id": 1, "vector": [1, [2]]}               | 'vector' must be an array of numbers
          {"id": 1, "vectors": [1, 2]}                | 'vectors' must be an object of a name and an array of numbers each
          {"id": 1, "vectors": {"small": {}}}         | the vector 'small' must be an array of numbers
          {"id": 1, "vectors": {"big": [1]}}          | no such vector: big; the collection has vector, small
          {"id": 1, "vector": [1, 2], "vectors": {"vector": [1, 2]}} | a vector may be given once: vector
          {"id": 1, "vector": [1, 2, 3]}              | a vector must have the collection's dimension: point=1, vector=vector, expected=2, found=3
          {"id": 1, "vector": []}                     | a vector must have the collection's dimension: point=1, vector=vector, expected=2, found=0
          {"id": 1, "vector": [1, 1e39]}              | an element must be finite: point=1, vector=vector, element=1, found=Infinity
          {"id": 1, "vectors": {"small": [0.5]}}      | an element must be an integer of -128 to 127: point=1, vector=small, element=0, found=0.5
          {"id": 1, "payload": [1]}                   | 'payload' must be a JSON object: [1]
          {"id": 1, "colour": "red"}                  | unknown key 'colour'; known are id, vector, vectors and payload
          {"_id": "d1", "text": "red"}                | unknown key '_id'; known are id, vector, vectors and payload (texts become points by kith import --model M)
          [1]                                         | a line must be one JSON object
          {"id": 1} {"id": 2}                         | nothing may follow the JSON object in its line
          {"id": 1                                    | a line must be one JSON object: column 9: Unexpected end-of-input
          {"id": 1, "id": 2}                          | a line must be one JSON object: column 15: Duplicate field 'id'
          {"id": 1, "vector": [NaN, 1]}               | a line must be one JSON object: column 25: Non-standard token 'NaN'
          """)
  void jsonl_badLine_isNamed_andWhatStandsBeforeIsKept(String line, String complaint)
      throws Exception {
    Files.writeString(file, "{\"id\": 100}\n\n%s\n{\"id\": 200}\n".formatted(line));
    assertThatThrownBy(() -> run(file))
        .isInstanceOf(TransferException.class)
        .hasMessage("%s line 3: %s; points imported before it: 1".formatted(file, complaint));
    assertThat(collection.count()).isEqualTo(1);
    assertThat(collection.get(PointId.of(100))).isNotNull();
  }

  @Test
  void jsonl_payloadThatDoesNotFitTheSchema_namesTheLine() throws Exception {
    Files.writeString(file, "{\"id\": 1, \"payload\": {\"year\": \"old\"}}");
    assertThatThrownBy(() -> run(file))
        .hasMessageStartingWith(file + " line 1: ")
        .hasMessageContaining("year")
        .hasMessageEndingWith("; nothing was imported");
  }

  @Test
  void open_whatIsNoFileOfPoints_isRefused() {
    assertThatThrownBy(() -> run(temp.resolve("a.csv")))
        .hasMessage(
            "points are read from files that end in .jsonl, .jsonl.gz, .parquet, .npy, .fvecs or"
                + " .bvecs: file="
                + temp.resolve("a.csv"));
    for (var name : new String[] {"a.jsonl", "a.npy", "a.parquet"}) {
      assertThatThrownBy(() -> run(temp.resolve(name))).isInstanceOf(NoSuchFileException.class);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"id": 1}                       | a.npy row 1: there must be as many lines as rows: a.ids.jsonl has 1; points imported before it: 1
          {"id": 1}~{"id": 2}~{"id": 3}   | a.ids.jsonl line 3: there must be as many lines as rows: a.npy has 2; points imported before it: 2
          {"id": 1, "vector": [1, 2]}     | a.ids.jsonl line 1: a line may have no vector, since a.npy has it; nothing was imported
          {"id": 1}~{"id": 2, "vectors"}  | a.ids.jsonl line 2: a line must be one JSON object: column 20: Unexpected character ('}' (code 125)): was expecting a colon to separate fiel...; points imported before it: 1
          """)
  void vectorFile_idsThatDoNotFit_areReported(String lines, String complaint) throws Exception {
    var rows = temp.resolve("a.npy");
    try (var writer = VectorWriter.create(rows, 2)) {
      writer.append(new float[] {1, 2});
      writer.append(new float[] {3, 4});
      writer.commit();
    }
    Files.writeString(temp.resolve("a.ids.jsonl"), lines.replace('~', '\n'));
    assertThatThrownBy(() -> run(rows))
        .hasMessage(complaint.replace("a.npy", rows.toString()).replace("a.ids", temp + "/a.ids"));
  }

  @Test
  void run_manyPoints_areAcknowledgedInOrder_andStopWhenAsked() throws Exception {
    int all = 5000;
    Files.write(
        file,
        IntStream.range(0, all).mapToObj("{\"id\": %d, \"vector\": [1, 2]}"::formatted).toList());
    var counts = new ArrayList<Long>();
    try (var points = PointReader.open(file, SCHEMA)) {
      long put =
          PointImport.run(
              collection,
              points,
              (count, last) -> {
                assertThat(last).isEqualTo(PointId.of(count - 1));
                assertThat(collection.get(last)).isNotNull();
                counts.add(count);
              },
              () -> false);
      assertThat(put).isEqualTo(all);
    }
    assertThat(counts).isSorted().endsWith((long) all).hasSizeGreaterThan(1);

    collection.delete(IntStream.range(0, all).mapToObj(i -> PointId.of((long) i)).toList());
    var asked = new AtomicLong();
    try (var points = PointReader.open(file, SCHEMA)) {
      long put =
          PointImport.run(collection, points, (_, _) -> {}, () -> asked.incrementAndGet() > 3210);
      assertThat(put).isEqualTo(3210).isEqualTo(collection.count());
    }
  }

  private static final List<String> SEEDS =
      List.of(
          "{\"id\": 17, \"vector\": [0.25, -1e-3], \"payload\": {\"year\": 1999, \"a\": [1, {\"b\":"
              + " null}]}}",
          "{\"id\": \"doc-ü\", \"vectors\": {\"vector\": [1, 2], \"small\": [-128]}}",
          "{\"payload\": {\"t\": \"\\u00e9\\n\"}, \"id\": {\"text\": \"x\"}}");
  private static final String[] PIECES = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "1e999",
    "-0",
    "\\u",
    "\\ud800",
    "\u00ff",
    "\"id\":",
    "\"vector\":[1,2],",
    "99999999999999999999",
    "\"payload\":",
    "1.5.2",
    "\t",
    "\u0000",
    "[[[["
  };

  @Test
  void jsonl_mutatedLines_arePointsOrCleanErrors(SplittableRandom random) throws Exception {
    int points = 0;
    int errors = 0;
    for (int round = 0; round < 3000 * Seeded.effort(); round++) {
      var bytes = SEEDS.get(random.nextInt(SEEDS.size())).getBytes(UTF_8);
      for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
        bytes = mutate(bytes, random);
      }
      Files.write(file, bytes);
      try (var reader = PointReader.open(file, SCHEMA)) {
        while (read(reader) != null) {
          points++;
        }
      } catch (TransferException e) {
        errors++;
        assertThat(e.getMessage()).startsWith(file + " line 1: ").hasLineCount(1);
      }
    }
    assertThat(points).as("mutants that are points").isPositive();
    assertThat(errors).as("mutants that are not").isPositive();
  }

  private static @Nullable Point read(PointReader reader) {
    return reader.next();
  }

  private static byte[] mutate(byte[] bytes, SplittableRandom random) {
    var text = new StringBuilder(new String(bytes, ISO_8859_1));
    int at = random.nextInt(text.length() + 1);
    switch (random.nextInt(4)) {
      case 0 -> text.insert(at, PIECES[random.nextInt(PIECES.length)]);
      case 1 -> text.setLength(at);
      case 2 -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(5)));
      default -> {
        if (at < text.length()) {
          text.setCharAt(at, (char) random.nextInt(256));
        }
      }
    }
    return text.toString().replace("\n", "").getBytes(ISO_8859_1);
  }
}
