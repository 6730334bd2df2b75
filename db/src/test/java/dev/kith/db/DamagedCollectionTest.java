package dev.kith.db;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.VectorDataException;
import dev.kith.db.durability.Checks;
import dev.kith.db.durability.DamagedLogException;
import dev.kith.db.durability.NoCheckpointException;
import dev.kith.db.filter.Filter;
import dev.kith.db.format.KithVectorsFormat;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Query;
import dev.kith.db.store.CollectionFolder;
import dev.kith.db.store.Documents;
import dev.kith.db.store.PayloadFields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.TieredMergePolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One bit of a closed collection is flipped: what is read afterwards is right, or says where. */
@ExtendWith(Seeded.class)
class DamagedCollectionTest {
  private static final int POINTS = 300;
  private static final int FLIPS_A_FILE = 3 * Seeded.effort();

  private static final Schema SCHEMA =
      Schema.of(4, Metric.L2)
          .withVector("sparse", VectorField.of(3, Metric.COSINE))
          .withField("year", FieldType.INTEGER)
          .withField("lang", FieldType.KEYWORD)
          .withField("text", FieldType.TEXT)
          .withField("place", FieldType.GEO);

  private static Point point(int i) {
    var vectors = new HashMap<String, float[]>();
    vectors.put("vector", new float[] {i % 17, i % 7, i, 1});
    if (i % 3 == 0) {
      vectors.put("sparse", new float[] {1, i, i % 5});
    }
    var payload =
        Payload.of(
            "year",
            i % 40,
            "lang",
            "l" + i % 4,
            "text",
            "word%d of point".formatted(i % 9),
            "place",
            Map.of("lat", i % 80, "lon", i % 170));
    return new Point(i % 2 == 0 ? PointId.of(i) : PointId.of("text " + i), vectors, payload);
  }

  /** Two segments with deleted points, one of them with a file for each of its parts. */
  private static void create(Path folder) throws IOException {
    try (var kith = Kith.open(folder)) {
      var points = kith.create("points", SCHEMA);
      var batch = new ArrayList<Point>();
      for (int i = 0; i < POINTS; i++) {
        batch.add(point(i));
      }
      points.upsert(batch);
    }
    spread(folder.resolve("points"));
    try (var kith = Kith.open(folder)) {
      var points = kith.collection("points");
      points.upsert(IntStream.range(0, 30).mapToObj(DamagedCollectionTest::point).toList());
      points.delete(PointId.of(2), PointId.of("text 9"));
    }
  }

  /** Writes the segment anew without packing its parts into one file. */
  private static void spread(Path collection) throws IOException {
    var policy = new TieredMergePolicy();
    policy.setNoCFSRatio(0);
    var config =
        new IndexWriterConfig(PayloadFields.ANALYZER)
            .setCodec(KithVectorsFormat.codec(field -> SCHEMA.vector(Documents.vectorName(field))))
            .setMergePolicy(policy)
            .setUseCompoundFile(false);
    try (var directory = new CollectionFolder(collection).directory();
        var writer = new IndexWriter(directory, config)) {
      var data = new HashMap<String, String>();
      writer.getLiveCommitData().forEach(entry -> data.put(entry.getKey(), entry.getValue()));
      writer.addDocument(List.of(new StringField("extra", "it", Field.Store.NO)));
      writer.forceMerge(1);
      writer.deleteDocuments(new Term("extra", "it"));
      writer.setLiveCommitData(data.entrySet());
      writer.commit();
    }
  }

  /** Everything that can be asked, in a form that can be compared. */
  private static List<Object> answers(Collection points) {
    var answers = new ArrayList<>();
    answers.add(points.count());
    for (int i = 0; i < 3; i++) {
      var query = Query.nearest(new float[] {3 * i, i, 40 * i, 1}).limit(20);
      answers.add(hits(points.query(query).hits()));
      answers.add(hits(points.query(query.where("year < 20 and lang == 'l1'")).hits()));
      answers.add(hits(points.query(Query.nearest("sparse", new float[] {1, i, 0})).hits()));
      answers.add( // scores of words depend on merges
          points.query(Query.words("text", "word%d".formatted(i)).limit(POINTS)).hits().stream()
              .map(hit -> hit.id() + " " + hit.payload())
              .sorted()
              .toList());
    }
    answers.add(points.count(Filter.parse("text ~ 'word3' or year in [3, 4]")));
    answers.add(points.count(Filter.parse("geo_box(place, 40, 0, 0, 90)")));
    answers.add(points.facet("lang", null, 10));
    answers.add(
        points.scroll(null, null, 400).points().stream().map(DamagedCollectionTest::told).toList());
    answers.add(told(requireNonNull(points.get(PointId.of("text 7")))));
    return answers;
  }

  private static List<String> hits(List<Hit> hits) {
    return hits.stream().map(hit -> hit.id() + " " + hit.score() + " " + hit.payload()).toList();
  }

  private static String told(Point point) {
    var vectors = new TreeMap<String, String>();
    point.vectors().forEach((name, vector) -> vectors.put(name, Arrays.toString(vector)));
    return point.id() + " " + vectors + " " + point.payload();
  }

  private static Map<Path, byte[]> files(Path folder) throws IOException {
    var files = new HashMap<Path, byte[]>();
    try (var all = Files.walk(folder)) {
      for (var file : all.filter(Files::isRegularFile).sorted().toList()) {
        var name = file.getFileName().toString();
        if (!name.equals("lock") && !name.startsWith("owner.")) {
          files.put(folder.relativize(file), Files.readAllBytes(file));
        }
      }
    }
    return files;
  }

  private static void write(Path folder, Map<Path, byte[]> files) throws IOException {
    if (Files.exists(folder)) {
      try (var all = Files.walk(folder)) {
        for (var file : all.sorted((a, b) -> b.compareTo(a)).toList()) {
          Files.delete(file);
        }
      }
    }
    for (var file : files.entrySet()) {
      var path = folder.resolve(file.getKey());
      Files.createDirectories(requireNonNull(path.getParent()));
      Files.write(path, file.getValue());
    }
  }

  @ParameterizedTest
  @EnumSource(names = "OFF", mode = EnumSource.Mode.EXCLUDE)
  void flippedBit_anywhere_answersRightOrNamesTheFile(
      Checks checks, SplittableRandom random, @TempDir Path folder) throws IOException {
    create(folder.resolve("db"));
    var whole = files(folder.resolve("db"));
    List<Object> expected;
    try (var kith = Kith.openReadOnly(folder.resolve("db"))) {
      expected = answers(kith.collection("points"));
    }
    var damaged = folder.resolve("damaged");
    int named = 0;
    int right = 0;
    for (var file : whole.entrySet()) {
      for (int flip = 0; flip < FLIPS_A_FILE; flip++) {
        var bytes = file.getValue().clone();
        int at = random.nextInt(bytes.length);
        bytes[at] ^= (byte) (1 << random.nextInt(8));
        var files = new HashMap<>(whole);
        files.put(file.getKey(), bytes);
        write(damaged, files);
        var what = "%s, byte %d of %d".formatted(file.getKey(), at, bytes.length);
        try (var kith = random.nextBoolean() ? Kith.open(damaged) : Kith.openReadOnly(damaged)) {
          var options = CollectionOptions.DEFAULT.withChecks(checks);
          var found = answers(kith.collection("points", options));
          // Rows are checked at the level ALL alone.
          for (int i = 0; i < found.size(); i++) {
            if (checks == Checks.ALL || !isOfVectors(file.getKey())) {
              assertThat(found.get(i)).as("%s, answer %d", what, i).isEqualTo(expected.get(i));
            }
          }
          right++;
        } catch (VectorDataException e) {
          assertThat(e).as(what).hasMessageContaining(name(file.getKey()));
          assertThat(e.getMessage()).as(what).containsAnyOf("snapshot", "collection.json");
          named++;
        } catch (DamagedLogException e) {
          assertThat(e).as(what).hasMessageContaining("restore the folder from a backup");
          named++;
        }
      }
    }
    assertThat(named).isGreaterThan(right);
  }

  private static boolean isOfVectors(Path file) {
    var name = name(file);
    return name.endsWith(".vec") || name.endsWith(".ves") || name.endsWith(".cfs");
  }

  private static String name(Path file) {
    return requireNonNull(file.getFileName()).toString();
  }

  @Test
  void truncatedFile_openOrQuery_namesTheFile(@TempDir Path folder) throws IOException {
    create(folder.resolve("db"));
    var whole = files(folder.resolve("db"));
    var damaged = folder.resolve("damaged");
    for (var file : whole.entrySet()) {
      if (!file.getKey().toString().contains("segments")) {
        continue;
      }
      for (int length : new int[] {0, file.getValue().length / 2, file.getValue().length - 1}) {
        var files = new HashMap<>(whole);
        files.put(file.getKey(), Arrays.copyOf(file.getValue(), length));
        write(damaged, files);
        try (var kith = Kith.openReadOnly(damaged)) {
          assertThat(answers(kith.collection("points"))).isEmpty();
        } catch (VectorDataException e) {
          assertThat(e).hasMessageContaining(name(file.getKey())).hasMessageContaining("snapshot");
        }
      }
      var files = new HashMap<>(whole);
      files.remove(file.getKey());
      write(damaged, files);
      try (var kith = Kith.openReadOnly(damaged)) {
        assertThat(answers(kith.collection("points"))).isEmpty();
      } catch (VectorDataException e) {
        assertThat(e).hasMessageContaining(name(file.getKey())).hasMessageContaining("snapshot");
      } catch (NoCheckpointException e) {
        assertThat(e).hasMessageContaining("has none yet"); // the commit's own file
      }
    }
  }

  /** Lucene finds what a write replaces by terms that no query may have read. */
  @Test
  void damagedTerms_writesAreRefused_ratherThanLost(@TempDir Path folder) throws IOException {
    create(folder.resolve("db"));
    flip(folder.resolve("db"), "*.tim");
    try (var kith = Kith.open(folder.resolve("db"))) {
      var points = kith.collection("points");
      for (int attempt = 0; attempt < 2; attempt++) {
        assertThatThrownBy(() -> points.delete(PointId.of(4)))
            .isInstanceOf(VectorDataException.class)
            .hasMessageContaining(".tim")
            .hasMessageContaining("restore a snapshot");
      }
      assertThatThrownBy(() -> points.upsert(point(4))).isInstanceOf(VectorDataException.class);
      assertThat(points.query(Query.nearest(new float[4])).hits()).hasSize(10);
    }
  }

  /** Rows are checked by verify, or at the level ALL; a flipped bit there locks nobody out. */
  @Test
  void damagedRows_collectionOpens_andVerifyNamesTheFile(@TempDir Path folder) throws IOException {
    create(folder.resolve("db"));
    flip(folder.resolve("db"), "*.vec");
    try (var kith = Kith.open(folder.resolve("db"))) {
      var points = kith.collection("points");
      assertThat(points.count(Filter.parse("year >= 0"))).isEqualTo(POINTS - 2);
      assertThat(points.verify()).isNotEmpty();
    }
  }

  /** Two bits, each in a part of its own: a query names the one it needs, verify names both. */
  @Test
  void damagedParts_queryAndVerify_nameThem(@TempDir Path folder) throws IOException {
    create(folder.resolve("db"));
    try (var files =
        Files.newDirectoryStream(folder.resolve("db/points/segments"), "*_Kith2_*.vec")) {
      // Of "sparse": rows, then the list of documents. Lucene numbers fields in no fixed order, but
      // this one has fewer and shorter rows.
      var vec =
          StreamSupport.stream(files.spliterator(), false)
              .min(Comparator.comparingLong(file -> file.toFile().length()))
              .orElseThrow();
      var bytes = Files.readAllBytes(vec);
      bytes[64] ^= 1;
      bytes[bytes.length - 16 - 1] ^= 1; // before the footer
      Files.write(vec, bytes);
    }
    try (var kith = Kith.openReadOnly(folder.resolve("db"))) {
      var points = kith.collection("points");
      assertThat(points.query(Query.nearest("vector", new float[4])).hits()).hasSize(10);
      assertThatThrownBy(() -> points.query(Query.nearest("sparse", new float[] {1, 2, 3})))
          .isInstanceOf(VectorDataException.class)
          .hasMessageMatching(
              "a segment's file must be as it was written: file=\\S+_Kith2_\\d\\.vec, found=.*"
                  + "; damaged part: segment=\\S+, field=v\\.sparse, part=rows, .*"
                  + "; damaged part: segment=\\S+, field=v\\.sparse, part=documents, .*"
                  + "; run `kith verify` for all that is damaged, and restore a snapshot");
      var problems = points.verify();
      for (var part : List.of("rows", "documents")) {
        assertThat(problems)
            .filteredOn(
                problem ->
                    problem.contains("a part's checksum failed: segment=")
                        && problem.contains("field=v.sparse, part=%s, file=".formatted(part)))
            .as(part)
            .hasSize(1);
      }
    }
  }

  /** Nothing is wrong with files because somebody's own code fails. */
  @Test
  void callersException_isPassedOn(@TempDir Path folder) throws IOException {
    create(folder.resolve("db"));
    try (var kith = Kith.open(folder.resolve("db"));
        var reader = kith.collection("points").reader()) {
      var failure = new IllegalStateException("the caller's");
      assertThatThrownBy(
              () ->
                  reader.forEach(
                      null,
                      _ -> {
                        throw failure;
                      }))
          .isSameAs(failure);
    }
  }

  private static void flip(Path db, String glob) throws IOException {
    try (var files = Files.newDirectoryStream(db.resolve("points/segments"), glob)) {
      for (var file : files) {
        var bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
      }
    }
  }

  @Test
  void checksOff_damageIsFoundByVerifyAlone(@TempDir Path folder) throws IOException {
    create(folder.resolve("db"));
    flip(folder.resolve("db"), "*.fdt");
    try (var kith = Kith.openReadOnly(folder.resolve("db"))) {
      var options = CollectionOptions.DEFAULT.withChecks(Checks.OFF);
      var points = kith.collection("points", options);
      assertThat(points.count(Filter.parse("year >= 0"))).isEqualTo(POINTS - 2);
      assertThat(points.verify()).isNotEmpty();
    }
  }
}
