package dev.kith.db.transfer;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.ElementType;
import dev.kith.db.Kith;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The files are written by {@code scripts/parquet_fixtures.py}. */
@ExtendWith(Seeded.class)
class ParquetPointsTest {
  private static final Schema SCHEMA =
      Schema.of(2, Metric.L2)
          .withVector("small", VectorField.of(1, Metric.DOT).withType(ElementType.INT8));

  @TempDir Path temp;

  private static Path file(String name) throws Exception {
    return Path.of(requireNonNull(ParquetPointsTest.class.getResource(name)).toURI());
  }

  private static List<Point> read(Path file) throws IOException {
    var found = new ArrayList<Point>();
    try (var points = PointReader.open(file, SCHEMA)) {
      for (var point = points.next(); point != null; point = points.next()) {
        found.add(point);
      }
      assertThat(points.size()).hasValue(found.size());
    }
    return found;
  }

  @Test
  void open_columnsOfAllKinds_arePayload() throws Exception {
    var points = read(file("kinds.parquet"));
    assertThat(points.stream().map(Point::id))
        .containsExactly(PointId.of(0), PointId.of(7), PointId.of(-1));
    assertThat(points.get(0).vector("vector")).containsExactly(1, 2.5f);
    assertThat(points.get(1).vector("vector")).containsExactly(0.1f, -3);
    assertThat(points.get(2).vectors()).isEmpty();
    assertThat(points.stream().map(Point::payload))
        .containsExactly(
            Payload.parse(
                """
                {"title": "a", "year": 2020, "big": 1, "byte": 1, "f": 0.1, "d": 0.1, "h": 0.5, "ok": true,
                 "day": "2020-01-02", "at": "2020-01-02T03:04:05.678901Z", "local": "2020-01-02T03:04:05",
                 "time": "01:02:03", "price": 1.25, "tags": ["x", "y"], "geo": {"lat": 1.5, "lon": 2.5},
                 "map": {"a": 1}, "nested": [[1], [2, 3]], "category": "p", "structs": [{"a": 1, "b": ["z"]}]}
                """),
            Payload.parse(
                """
                {"title": "ü", "big": 2, "byte": 2, "f": 0.2, "d": 1e300, "h": 1.0, "ok": false, "tags": [],
                 "geo": {"lat": null, "lon": 1.0}, "map": {}, "nested": [], "category": "q", "structs": []}
                """),
            Payload.parse(
                "{\"year\": -5, \"big\": 18446744073709551615, \"byte\": 255, \"category\":"
                    + " \"p\"}"));
  }

  @Test
  void open_payloadAsJson_andNamedVectors() throws Exception {
    var points = read(file("json-gzip.parquet"));
    assertThat(points.stream().map(Point::id))
        .containsExactly(
            PointId.of("a"),
            PointId.of("7"),
            PointId.of(UUID.fromString("00112233-4455-6677-8899-aabbccddeeff")));
    assertThat(points.stream().map(Point::payload))
        .containsExactly(Payload.of("year", 1999), Payload.EMPTY, Payload.EMPTY);
    assertThat(points.get(2).vector("vector")).containsExactly(5, 6);
    assertThat(points.get(2).vector("small")).containsExactly(-128);
    assertThat(points.get(1).vectors()).containsOnlyKeys("vector");
  }

  @Test
  void open_smallIntegers_areNumbersWhereverTheyAre() throws Exception {
    var points = read(file("small-integers.parquet"));
    assertThat(points.stream().map(Point::id)).containsExactly(PointId.of(1), PointId.of(65_535));
    assertThat(points.getFirst().vector("vector")).containsExactly(1, 0x1p32f);
    var expected =
        Map.of("i8", -128L, "i16", -32_768L, "u8", 255L, "u16", 65_535L, "u32", 4_294_967_295L);
    var payload = new HashMap<String, Object>();
    expected.forEach(
        (name, value) -> {
          payload.put(name, value);
          payload.put(name + "s", List.of(value, 0));
          payload.put(name + "map", Map.of("a", value));
          payload.put(name + "struct", Map.of("a", value));
        });
    assertThat(points.getFirst().payload()).isEqualTo(Payload.of(payload));
    assertThat(points.getLast().payload()).isEqualTo(Payload.EMPTY);
    assertThat(read(file("id-int16.parquet")).stream().map(Point::id))
        .containsExactly(PointId.of(1), PointId.of(300));
    assertThat(read(file("id-int8.parquet")).stream().map(Point::id))
        .containsExactly(PointId.of(1), PointId.of(100));
  }

  @Test
  void open_groupsWithoutRows_loseNothing() throws Exception {
    assertThat(read(file("zero-rows.parquet"))).isEmpty();
    var points = read(file("empty-groups.parquet"));
    assertThat(points.stream().map(Point::id))
        .containsExactlyElementsOf(LongStream.of(1, 2, 3, 2, 3).mapToObj(PointId::of).toList());
    assertThat(points.getLast().vector("vector")).containsExactly(5, 6);
  }

  @Test
  void open_binaryWithoutAType_isTextIfItIsUtf8() throws Exception {
    assertThat(read(file("plain-binary.parquet")))
        .containsExactly(
            new Point(PointId.of("a"), Map.of(), Payload.of("t", "x\n")),
            new Point(PointId.of("ü"), Map.of(), Payload.of("t", "")));
  }

  @Test
  void open_uuids() throws Exception {
    var points = read(file("uuid.parquet"));
    var first = UUID.fromString("00010203-0405-0607-0809-0a0b0c0d0e0f");
    assertThat(points.getFirst().id()).isEqualTo(PointId.of(first));
    assertThat(points.getFirst().payload()).isEqualTo(Payload.of("other", first.toString()));
  }

  @Test
  void import_severalRowGroups_inOrder() throws Exception {
    try (var kith = Kith.inMemory();
        var points = PointReader.open(file("groups.parquet"), SCHEMA)) {
      var collection = kith.create("c", SCHEMA);
      assertThat(PointImport.run(collection, points)).isEqualTo(5000);
      assertThat(requireNonNull(collection.get(PointId.of(4321))).vector("vector"))
          .containsExactly(4321, -4321);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          no-id           | : there must be a column 'id': columns=key, title
          null-id         | ' row 1: ''id'' is missing; points imported before it: 1'
          negative-id     | ' row 0: ''id'' must be an integer of 0 to 18446744073709551615 or a string: -1; nothing was imported'
          two-payloads    | : beside 'payload' there may be no other column of payload: column=title
          bad-payload     | ' row 1: a payload must be a JSON object; points imported before it: 1'
          text-vector     | ' row 0: ''vector'' must be a list of numbers; nothing was imported'
          null-element    | ' row 0: ''vector'' must be a list of numbers; nothing was imported'
          wrong-dimension | ' row 1: a vector must have the collection''s dimension: point=2, vector=vector, expected=2, found=1; points imported before it: 1'
          binary          | ' row 1: ''raw'' is binary and its bytes are no text in UTF-8; write it as a string, such as base 64, or leave the column out; points imported before it: 1'
          infinite        | ' row 0: ''d'' must be a finite number: Infinity; nothing was imported'
          """)
  void import_badRow_isNamed(String name, String complaint) throws Exception {
    var file = file(name + ".parquet");
    try (var kith = Kith.inMemory()) {
      var collection = kith.create("c", SCHEMA);
      assertThatThrownBy(
              () -> {
                try (var points = PointReader.open(file, SCHEMA)) {
                  PointImport.run(collection, points);
                }
              })
          .isInstanceOf(TransferException.class)
          .hasMessage(file + complaint);
    }
  }

  @Test
  void open_notParquet_isRefused() throws Exception {
    var file = Files.writeString(temp.resolve("a.parquet"), "PAR1 and then nothing like it");
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(TransferException.class)
        .hasMessageStartingWith(file + ": cannot be read as Parquet: ");
  }

  @ParameterizedTest
  @CsvSource({
    "json-snappy, SNAPPY, org.xerial.snappy:snappy-java",
    "json-zstd, ZSTD, com.github.luben:zstd-jni",
    "lz4, LZ4_RAW, at.yawk.lz4:lz4-java",
    "brotli, BROTLI, com.aayushatharva.brotli4j:brotli4j"
  })
  void open_codecThatIsNotThere_saysWhatToDo(String name, String codec, String library)
      throws Exception {
    var file = file(name + ".parquet");
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(TransferException.class)
        .hasMessage(
            "%s: is packed with %s, which needs a library that is not there; write it with gzip or zstd, such as pyarrow's write_table(..., compression='zstd'), or add %s to the class path"
                .formatted(file, codec, library));
  }

  /** Bytes that are wrong in the middle are another matter: Hardwood 1.0.1 may wait for ever. */
  @Test
  void open_cutShort_isRefused(SplittableRandom random) throws Exception {
    var whole = Files.readAllBytes(file("kinds.parquet"));
    var cut = temp.resolve("cut.parquet");
    for (int round = 0; round < 50 * Seeded.effort(); round++) {
      Files.write(cut, Arrays.copyOf(whole, random.nextInt(whole.length)));
      assertThatThrownBy(() -> read(cut))
          .isInstanceOf(TransferException.class)
          .hasMessageStartingWith(cut + ": cannot be read as Parquet: ");
    }
  }

  /** The footer's length and what stands around it, each time with the file of another. */
  @ParameterizedTest
  @CsvSource({"0", "1", "0x7fffffff", "-1", "-2147483648", "whole", "one-more"})
  @Timeout(60)
  void open_footerLengthThatLies_isRefused(String length) throws Exception {
    var bytes = Files.readAllBytes(file("kinds.parquet"));
    int lie =
        switch (length) {
          case "whole" -> bytes.length;
          case "one-more" -> bytes.length - 7;
          default -> Integer.decode(length);
        };
    ByteBuffer.wrap(bytes).order(LITTLE_ENDIAN).putInt(bytes.length - 8, lie);
    assertUnreadable(bytes);
  }

  @Test
  @Timeout(60)
  void open_wrongMagicOrNothing_isRefused() throws Exception {
    var whole = Files.readAllBytes(file("kinds.parquet"));
    for (int at : new int[] {0, whole.length - 1}) {
      var bytes = whole.clone();
      bytes[at] ^= 1;
      assertUnreadable(bytes);
    }
    for (int length : new int[] {0, 1, 4, 8, 11, 12}) {
      assertUnreadable(new byte[length]);
      var magic = "PAR1".repeat(3).getBytes(US_ASCII);
      assertUnreadable(Arrays.copyOf(magic, length));
    }
  }

  private void assertUnreadable(byte[] bytes) throws IOException {
    var bad = Files.write(temp.resolve("bad.parquet"), bytes);
    assertThatThrownBy(() -> read(bad))
        .isInstanceOf(TransferException.class)
        .hasMessageStartingWith(bad + ": cannot be read as Parquet: ")
        .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
  }

  /** A flip may change a name or a type, which nothing guards; it must not lose a point. */
  @ParameterizedTest
  @ValueSource(strings = {"kinds", "json-gzip", "id-int8", "empty-groups"})
  @Timeout(300)
  void open_bitOfTheFooterFlipped_isRefusedOrHasAllRows(String name, SplittableRandom random)
      throws Exception {
    var whole = Files.readAllBytes(file(name + ".parquet"));
    int footer = ByteBuffer.wrap(whole).order(LITTLE_ENDIAN).getInt(whole.length - 8);
    int rows = read(file(name + ".parquet")).size();
    int refused = 0;
    int waited = 0;
    int rounds = 40 * Seeded.effort();
    for (int round = 0; round < rounds; round++) {
      int bit = random.nextInt(8 * (footer + 8));
      var bytes = whole.clone();
      bytes[whole.length - 8 - footer + bit / 8] ^= (byte) (1 << (bit % 8));
      var flipped = Files.write(temp.resolve("flipped-%d.parquet".formatted(round)), bytes);
      var reading = new FutureTask<>(() -> read(flipped));
      var thread = Thread.ofPlatform().daemon().start(reading);
      try {
        assertThat(reading.get(3, TimeUnit.SECONDS)).as("bit %d", bit).hasSize(rows);
      } catch (ExecutionException e) {
        assertThat(e.getCause())
            .as("bit %d", bit)
            .isInstanceOf(TransferException.class)
            .hasMessageStartingWith(flipped.toString())
            .message()
            .hasLineCount(1);
        refused++;
      } catch (TimeoutException e) { // the limitation of Hardwood 1.0.1 that is documented
        thread.interrupt();
        waited++;
      }
    }
    assertThat(refused).isPositive();
    assertThat(waited).isLessThanOrEqualTo(rounds / 10);
  }

  /** In a class path without it, only Parquet is missing. */
  @Test
  void open_withoutHardwood_saysWhatToAdd() throws Exception {
    var urls =
        Pattern.compile(File.pathSeparator, Pattern.LITERAL)
            .splitAsStream(System.getProperty("java.class.path"))
            .filter(entry -> !entry.contains("hardwood"))
            .map(entry -> url(Path.of(entry)))
            .toArray(URL[]::new);
    try (var loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
      var schemaClass = loader.loadClass(Schema.class.getName());
      var schema = schemaClass.getMethod("parse", String.class).invoke(null, SCHEMA.toJson());
      var open =
          loader.loadClass(PointReader.class.getName()).getMethod("open", Path.class, schemaClass);
      var file = file("kinds.parquet");
      assertThatThrownBy(() -> open.invoke(null, file, schema))
          .isInstanceOf(InvocationTargetException.class)
          .cause()
          .hasMessage(
              "Parquet is read by dev.hardwood:hardwood-core, which is not there: file=%s; add it to the class path"
                  .formatted(file));
    }
  }

  private static URL url(Path entry) {
    try {
      return URI.create(entry.toUri().toString()).toURL();
    } catch (MalformedURLException e) {
      throw new AssertionError(e);
    }
  }
}
