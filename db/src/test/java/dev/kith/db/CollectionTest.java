package dev.kith.db;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.backend.BackendUnavailableException;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchStoppedException;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorDataException;
import dev.kith.db.durability.CollectionLockedException;
import dev.kith.db.durability.Durability;
import dev.kith.db.durability.NoCheckpointException;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import dev.kith.db.query.Facet;
import dev.kith.db.query.Fusion;
import dev.kith.db.query.Hit;
import dev.kith.db.query.Query;
import dev.kith.db.store.CollectionFolder;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import javax.management.ObjectName;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class CollectionTest {
  private static final Schema ARTICLES =
      Schema.of(2, Metric.L2)
          .withVector("image", VectorField.of(3, Metric.COSINE))
          .withField("title", FieldType.TEXT)
          .withField("lang", FieldType.KEYWORD)
          .withField("year", FieldType.INTEGER);

  private static Point article(long id, float x, String title, String lang, int year) {
    return Point.of(
        PointId.of(id), new float[] {x, 0}, Payload.of("title", title, "lang", lang, "year", year));
  }

  private static Collection articles(Kith kith) {
    var articles = kith.create("articles", ARTICLES);
    articles.upsert(
        article(1, 1, "The Parthenon in Athens", "en", 2001),
        article(2, 2, "Lentils, cooked slowly", "en", 2002),
        article(3, 3, "Der Parthenon", "de", 2003),
        article(4, 4, "Tax law of Athens", "en", 2004));
    return articles;
  }

  private static List<Long> ids(List<Hit> hits) {
    return hits.stream().map(hit -> ((PointId.Number) hit.id()).value()).toList();
  }

  @Test
  void words_areRankedByBm25AndFiltered() {
    try (var kith = Kith.inMemory()) {
      var articles = articles(kith);
      var result = articles.query(Query.words("title", "parthenon athens"));
      assertThat(ids(result.hits())).containsExactly(1L, 3L, 4L);
      assertThat(result.report().backend()).isEqualTo("lucene");
      assertThat(result.report().proved()).isFalse();
      var german = Query.words("title", "parthenon").where("lang == 'de'");
      assertThat(ids(articles.query(german).hits())).containsExactly(3L);
      assertThat(articles.query(Query.words("title", "?!")).hits()).isEmpty();
    }
  }

  @Test
  void words_equalScores_smallerIdFirst() {
    try (var kith = Kith.inMemory()) {
      var articles = kith.create("articles", ARTICLES);
      for (int id : new int[] {5, 3, 9, 1}) {
        articles.upsert(article(id, 0, "same words", "en", 1));
        articles.count(); // a segment each
      }
      var found = articles.query(Query.words("title", "words").limit(3)).hits();
      assertThat(ids(found)).containsExactly(1L, 3L, 5L);
    }
  }

  @Test
  void words_deadlineOfAnotherThread_doesNotCount() throws Exception {
    try (var kith = Kith.inMemory()) {
      var points = kith.create("points", ARTICLES);
      var all = new ArrayList<Point>();
      for (int i = 0; i < 2000; i++) {
        all.add(article(i, 1, "word", "en", 1));
      }
      points.upsert(all);
      try (var reader = points.reader()) {
        var done = new AtomicBoolean();
        var late =
            Thread.ofPlatform()
                .start(
                    () -> {
                      while (!done.get()) {
                        try {
                          reader.query(Query.words("title", "word").deadline(Duration.ZERO));
                        } catch (SearchStoppedException e) {
                          // as it should
                        }
                      }
                    });
        try {
          for (int i = 0; i < 300; i++) {
            assertThat(reader.query(Query.words("title", "word").withoutPayload()).hits())
                .hasSize(10);
          }
        } finally {
          done.set(true);
          late.join();
        }
      }
    }
  }

  @Test
  void hybrid_reciprocalRankFusion_isItsFormula() {
    try (var kith = Kith.inMemory()) {
      var articles = articles(kith);
      var fused =
          articles.query(
              Query.fuse(
                  Fusion.rrf(),
                  Query.nearest(new float[] {0, 0}).limit(3), // 1, 2, 3
                  Query.words("title", "parthenon athens"))); // 1, 3, 4
      assertThat(ids(fused.hits())).containsExactly(1L, 3L, 2L, 4L);
      assertThat(fused.hits().get(0).score()).isEqualTo(1.0 / 61 + 1.0 / 61);
      assertThat(fused.hits().get(1).score()).isEqualTo(1.0 / 63 + 1.0 / 62);
      assertThat(fused.hits().get(2).score()).isEqualTo(1.0 / 62);
      assertThat(fused.report().backend()).isNotEqualTo("lucene");
      assertThat(ids(articles.query(filtered(fused.hits().size())).hits())).containsExactly(2L);
    }
  }

  private static Query filtered(int limit) {
    return Query.fuse(
            Fusion.rrf(), Query.nearest(new float[] {0, 0}), Query.words("title", "lentils"))
        .where("year == 2002")
        .limit(limit);
  }

  @Test
  void hybrid_weightedSum_scalesEachList() {
    try (var kith = Kith.inMemory()) {
      var articles = articles(kith);
      var fused =
          articles
              .query(
                  Query.fuse(
                      Fusion.weighted(1, 0.5),
                      Query.nearest(new float[] {0, 0}).limit(3), // distances 1, 2, 3
                      Query.words("title", "lentils")))
              .hits();
      assertThat(ids(fused)).containsExactly(1L, 2L, 3L);
      assertThat(fused.stream().mapToDouble(Hit::score).toArray()).containsExactly(1, 1, 0);
    }
  }

  @Test
  void hybrid_ownFunction_isTakenAtItsWord() {
    try (var kith = Kith.inMemory()) {
      var articles = articles(kith);
      Fusion last = rankings -> Map.of(rankings.getFirst().hits().getLast().id(), 7.0);
      var fused = articles.query(Query.fuse(last, Query.nearest(new float[] {0, 0}))).hits();
      assertThat(ids(fused)).containsExactly(4L);
      assertThat(fused.getFirst().score()).isEqualTo(7);
      Fusion invented = _ -> Map.of(PointId.of(77), 1.0);
      assertThatThrownBy(
              () -> articles.query(Query.fuse(invented, Query.nearest(new float[] {0, 0}))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "a fusion gives finite scores to points of its lists alone: id=77, score=1.0");
    }
  }

  @Test
  void rescored_ranksCandidatesByTheOtherVector() {
    try (var kith = Kith.inMemory()) {
      var articles = articles(kith);
      for (int id = 1; id <= 3; id++) {
        articles.upsert(
            new Point(
                PointId.of(id),
                Map.of(Schema.VECTOR, new float[] {id, 0}, "image", new float[] {1, 3 - id, 0}),
                Payload.EMPTY));
      }
      var query =
          Query.nearest(new float[] {0, 0}).limit(4).rescoredBy("image", new float[] {1, 0, 0});
      var hits = articles.query(query).hits();
      assertThat(ids(hits)).containsExactly(3L, 2L, 1L); // 4 has no image
      assertThat(hits.getFirst().score()).isEqualTo(1);
      assertThat(hits.get(1).score()).isCloseTo(Math.sqrt(0.5), within(1e-12));
    }
  }

  @Test
  void grouped_bestOfEachValue() {
    try (var kith = Kith.inMemory()) {
      var grouped = articles(kith).queryGrouped(Query.nearest(new float[] {0, 0}), "lang", 5, 2);
      assertThat(grouped.groups()).hasSize(2);
      assertThat(grouped.groups().get(0).value()).isEqualTo("en");
      assertThat(ids(grouped.groups().get(0).hits())).containsExactly(1L, 2L);
      assertThat(ids(grouped.groups().get(1).hits())).containsExactly(3L);
    }
  }

  @Test
  void facet_countsValuesThatPass() {
    try (var kith = Kith.inMemory()) {
      var articles = articles(kith);
      assertThat(articles.facet("lang", null, 5))
          .containsExactly(new Facet("en", 3), new Facet("de", 1));
      assertThat(articles.facet("year", Filter.parse("year > 2002"), 1))
          .containsExactly(new Facet("2003", 1));
    }
  }

  @Test
  void query_thatDoesNotFit_saysWhatDoes() {
    try (var kith = Kith.inMemory()) {
      var articles = articles(kith);
      says(
          () -> articles.query(Query.nearest(new float[3])),
          "query dimension must match the collection: query=3, collection=2 (articles, vector"
              + " vector)");
      says(
          () -> articles.query(Query.nearest(new float[] {0, Float.NaN})),
          "a query's elements must be finite: element=1, found=NaN (articles, vector vector)");
      says(
          () ->
              articles.query(
                  Query.words("title", "athens")
                      .rescoredBy("image", new float[] {Float.NEGATIVE_INFINITY, 0, 0})),
          "a query's elements must be finite: element=0, found=-Infinity (articles, vector image)");
      says(
          () -> articles.query(Query.nearest("sound", new float[3])),
          "no such vector: sound; the collection has vector, image");
      says(
          () -> articles.query(Query.words("lang", "en")),
          "words are looked for in text fields: lang is of type keyword (articles)");
      says(
          () -> articles.query(Query.nearestTo(PointId.of(99))), "no such point: id=99 (articles)");
      says(
          () -> articles.query(Query.by(new Query.NearestTo("image", PointId.of(1)))),
          "the point has no such vector: id=1, vector=image (articles)");
      says(
          () -> articles.queryGrouped(Query.nearest(new float[2]), "title", 1, 1),
          "points are grouped by a keyword, bool or integer field: title is of type text"
              + " (articles)");
      says(
          () -> kith.create("strict", articles.schema().asStrict()).facet("color", null, 1),
          "values are counted of an indexed field: color is not indexed (strict)");
      assertThatThrownBy(() -> articles.query(Query.nearest(new float[2]).onBackend("abacus")))
          .isInstanceOf(BackendUnavailableException.class)
          .hasMessageStartingWith("no such backend: abacus; known are");
      assertThatThrownBy(() -> articles.query(Query.nearest(new float[2]).deadline(Duration.ZERO)))
          .isInstanceOf(SearchStoppedException.class)
          .hasMessage(
              "the search reached its deadline: deadline=0 ms; allow more time or search fewer"
                  + " points");
    }
  }

  private static void says(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String text) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(text);
  }

  @Test
  void upsert_thatDoesNotFit_saysWhyAndPutsNothing() {
    try (var kith = Kith.inMemory()) {
      var schema =
          ARTICLES
              .withVector("half", VectorField.of(1, Metric.L2).withType(ElementType.FLOAT16))
              .withVector("byte", VectorField.of(1, Metric.L2).withType(ElementType.INT8));
      var articles = kith.create("articles", schema);
      var good = Point.of(PointId.of(1), new float[2]);
      says(
          () -> articles.upsert(good, Point.of(PointId.of(2), new float[3])),
          "a vector must have the collection's dimension: point=2, vector=vector, expected=2,"
              + " found=3");
      says(
          () -> articles.upsert(good, Point.of(PointId.of(2), new float[] {0, Float.NaN})),
          "an element must be finite: point=2, vector=vector, element=1, found=NaN");
      says(
          () -> articles.upsert(good, with("half", 65520)),
          "an element must be finite and below 65520, where float16 ends: point=2, vector=half,"
              + " element=0, found=65520.0");
      says(
          () -> articles.upsert(good, with("byte", 0.5f)),
          "an element must be an integer of -128 to 127: point=2, vector=byte, element=0,"
              + " found=0.5");
      says(
          () -> articles.upsert(good, with("smell", 1)),
          "no such vector: smell; the collection has vector, image, half, byte");
      assertThat(articles.count()).isZero();
      articles.upsert(good);
      assertThat(articles.count()).isEqualTo(1);
    }
  }

  private static Point with(String vector, float element) {
    return new Point(PointId.of(2), Map.of(vector, new float[] {element}), Payload.EMPTY);
  }

  @Test
  void write_thatIsRefused_endsNoOther(@TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      var articles = articles(kith);
      @SuppressWarnings("NullAway") // what a hurried caller does
      var holes = Arrays.asList(PointId.of(1), null, PointId.of(2));
      assertThatThrownBy(() -> articles.delete(holes)).isInstanceOf(NullPointerException.class);
      var large = Point.of(PointId.of(1), new float[2], Payload.of("title", "x".repeat(8 << 20)));
      says(
          () -> articles.upsert(Collections.nCopies(300, large)),
          "what is written together must have at most 1073741824 bytes: bytes=2516597105; write it"
              + " in parts");
      articles.upsert(article(5, 5, "goes on", "en", 1));
      assertThat(articles.count()).isEqualTo(5);
    }
  }

  @Test
  void addField_thatAPointDoesNotFit_changesNothing(@TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      var points = kith.create("points", Schema.of(2, Metric.L2));
      points.upsert(Point.of(PointId.of(1), new float[2], Payload.of("year", "MMI")));
      says(
          () -> points.addField("year", FieldType.INTEGER),
          "field 'year' must be an integer: \"MMI\" (point 1)");
      assertThat(points.schema().fields()).isEmpty();
      points.upsert(Point.of(PointId.of(2), new float[2], Payload.of("year", "MMII")));
    }
    try (var kith = Kith.open(folder)) {
      var points = kith.collection("points");
      assertThat(points.count()).isEqualTo(2);
      points.addField("year", FieldType.KEYWORD);
      assertThat(points.count(Filter.parse("year == 'MMII'"))).isEqualTo(1);
    }
  }

  @Test
  void kith_namesAndPlaces_areChecked(@TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      says(
          () -> kith.create("a/b", ARTICLES),
          "a collection's name must be up to 100 of A-Z a-z 0-9 _ . - and not begin with . or -:"
              + " 'a/b'");
      says(
          () -> kith.collection("nothing"),
          "no such collection: nothing (%s); there are none".formatted(folder));
      kith.create("articles", ARTICLES);
      says(
          () -> kith.create("articles", ARTICLES),
          "there is a collection of that name already: articles (%s); drop it first, or choose another"
              .formatted(folder));
      assertThat(kith.list()).containsExactly("articles");
      kith.drop("articles");
      assertThat(kith.list()).isEmpty();
      assertThat(folder).isEmptyDirectory();
    }
    assertThatThrownBy(() -> Kith.openReadOnly(folder.resolve("not")))
        .isInstanceOf(UncheckedIOException.class);
  }

  @Test
  void secondWriter_isToldWhoHasIt(@TempDir Path folder) {
    try (var kith = Kith.open(folder);
        var other = Kith.open(folder)) {
      var articles = articles(kith);
      assertThatThrownBy(() -> other.collection("articles"))
          .isInstanceOf(CollectionLockedException.class)
          .hasMessage(
              "a collection has one writer: this process has it open already (lock=%s); close it there, or open it read-only here"
                  .formatted(folder.resolve("articles").resolve("lock")));
      articles.close();
      assertThat(other.collection("articles").count()).isEqualTo(4);
    }
  }

  /** Where locks are POSIX's, closing any of a file's channels would let all of them go. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void secondWriter_thatIsRefused_leavesTheFirstItsLock(@TempDir Path folder) throws Exception {
    try (var kith = Kith.open(folder);
        var other = Kith.open(folder)) {
      articles(kith);
      var lock = folder.resolve("articles").resolve("lock");
      String entry = ":" + Files.getAttribute(lock, "unix:ino") + " ";
      assertThat(Files.readString(Path.of("/proc/locks"))).contains(entry);
      assertThatThrownBy(() -> other.collection("articles"))
          .isInstanceOf(CollectionLockedException.class);
      assertThat(Files.readString(Path.of("/proc/locks"))).contains(entry);
    }
  }

  @Test
  void interruptedThread_writesSearchesAndCloses_asAnyOther(@TempDir Path folder) {
    try {
      try (var kith = Kith.open(folder)) {
        var articles = kith.create("articles", ARTICLES);
        Thread.currentThread().interrupt();
        articles.upsert(article(1, 1, "first", "en", 1));
        assertThat(articles.count()).isEqualTo(1);
        articles.checkpoint();
        articles.upsert(article(2, 2, "second", "en", 1));
        assertThat(articles.query(Query.words("title", "second")).hits()).hasSize(1);
        articles.replacePayload(List.of(PointId.of(1)), Payload.of("title", "third"));
        assertThat(Thread.currentThread().isInterrupted()).isTrue();
      }
      assertThat(Thread.interrupted()).isTrue();
      try (var kith = Kith.openReadOnly(folder)) {
        assertThat(kith.collection("articles").count(Filter.parse("year == 1"))).isEqualTo(1);
      }
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void readOnly_ofFieldAddedWithoutPoints_knowsIt(@TempDir Path folder) throws Exception {
    try (var kith = Kith.open(folder);
        var readers = Kith.openReadOnly(folder)) {
      var articles = kith.create("articles", ARTICLES);
      var read = readers.collection("articles");
      articles.addField("color", FieldType.KEYWORD);
      Thread.sleep(1100); // it looks every second
      assertThat(read.count(Filter.parse("color == 'red'"))).isZero();
    }
  }

  @Test
  void readOnly_seesCheckpointsWhileAnotherWrites(@TempDir Path folder) throws Exception {
    try (var kith = Kith.open(folder)) {
      var articles = articles(kith);
      articles.checkpoint();
      try (var readers = Kith.openReadOnly(folder)) {
        var read = readers.collection("articles");
        assertThat(read.count()).isEqualTo(4);
        articles.upsert(article(5, 5, "Later", "en", 2005));
        articles.checkpoint();
        Thread.sleep(1100); // it looks for a newer one every second
        assertThat(read.count()).isEqualTo(5);
        assertThat(read.verify()).isEmpty();
        assertThatThrownBy(() -> read.delete(PointId.of(1)))
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("collection articles was opened read-only");
        assertThatThrownBy(() -> readers.drop("articles"))
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("the database was opened read-only: " + folder);
      }
    }
  }

  @Test
  void readOnly_withoutACheckpoint_saysSo(@TempDir Path folder) throws Exception {
    var path = Files.createDirectories(folder.resolve("articles"));
    Files.writeString(
        path.resolve("collection.json"), "{\"format\": 1, \"schema\": {}, \"pending\": []}");
    try (var kith = Kith.openReadOnly(folder)) {
      assertThatThrownBy(() -> kith.collection("articles"))
          .isInstanceOf(NoCheckpointException.class)
          .hasMessage(
              "a collection must have a checkpoint to be read: %s has none yet; open it to write first"
                  .formatted(path));
    }
  }

  @Test
  void snapshot_intoTheDatabase_isRefused(@TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      var articles = articles(kith);
      says(
          () -> articles.snapshot(folder.resolve("copy")),
          "a snapshot needs a folder outside of the database: " + folder.resolve("copy"));
    }
  }

  @Test
  void snapshot_intoTheDatabaseThroughALink_isRefused(@TempDir Path temp) throws Exception {
    var folder = Files.createDirectory(temp.resolve("db"));
    var link = Files.createSymbolicLink(temp.resolve("link"), folder);
    try (var kith = Kith.open(folder)) {
      var articles = articles(kith);
      for (var copy : List.of(link.resolve("copy"), link.resolve("new/copy"))) {
        says(
            () -> articles.snapshot(copy),
            "a snapshot needs a folder outside of the database: " + copy);
      }
      assertThat(kith.list()).hasSize(1);
    }
    try (var kith = Kith.open(link)) {
      var articles = kith.collection(kith.list().getFirst());
      says(
          () -> articles.snapshot(folder.resolve("copy")),
          "a snapshot needs a folder outside of the database: " + folder.resolve("copy"));
    }
  }

  @Test
  void upsert_float16ThatRoundsToZero_isRefusedByCosineAlone() {
    try (var kith = Kith.inMemory()) {
      for (var metric : Metric.values()) {
        var points =
            kith.create(
                metric.name(), Schema.of(VectorField.of(2, metric).withType(ElementType.FLOAT16)));
        points.upsert(Point.of(PointId.of(1), new float[] {0, 0}));
        var tiny = Point.of(PointId.of(2), new float[] {1e-9f, 0});
        if (metric == Metric.COSINE) {
          says(
              () -> points.upsert(tiny),
              "a vector must keep its direction for cosine, and as float16 all its elements are 0:"
                  + " point=2, vector=vector, largest=1.0E-9; scale it to length 1");
        } else {
          points.upsert(tiny);
        }
      }
    }
  }

  @Test
  void payload_numbersThatAreNone_areRefused() {
    says(() -> Payload.of("x", Double.NaN), "a payload's numbers must be finite: NaN at /x");
    says(
        () -> Payload.of("x", List.of(Float.NEGATIVE_INFINITY)),
        "a payload's numbers must be finite: -Infinity at /x/0");
  }

  @Test
  void deadline_ofAFusion_isOneForAllItsParts() {
    try (var kith = Kith.inMemory()) {
      var articles = articles(kith);
      Fusion slow =
          rankings -> {
            try {
              Thread.sleep(60);
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
            return Map.of(rankings.getFirst().hits().getFirst().id(), 1.0);
          };
      var first = Query.fuse(slow, Query.nearest(new float[2]));
      var both = Query.fuse(Fusion.rrf(), first, Query.nearest(new float[2]));
      assertThat(articles.query(both).hits()).isNotEmpty();
      assertThatThrownBy(() -> articles.query(both.deadline(Duration.ofMillis(40))))
          .isInstanceOf(SearchStoppedException.class)
          .hasMessageContaining("deadline=40 ms");
    }
  }

  @Test
  void closed_isSaid() {
    try (var kith = Kith.inMemory()) {
      var articles = articles(kith);
      articles.close();
      articles.close();
      assertThatThrownBy(articles::count)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("collection articles is closed; open it again");
    }
  }

  @Test
  void reader_keepsItsMoment() {
    try (var kith = Kith.inMemory()) {
      var articles = articles(kith);
      try (var before = articles.reader()) {
        articles.delete(PointId.of(1));
        articles.optimize();
        assertThat(before.count(null)).isEqualTo(4);
        assertThat(before.get(PointId.of(1))).isNotNull();
        assertThat(articles.count()).isEqualTo(3);
      }
    }
  }

  @Test
  void refreshInterval_writesMayStayUnseenForSoLong() throws Exception {
    try (var kith = Kith.inMemory()) {
      var options = CollectionOptions.DEFAULT.withRefreshInterval(Duration.ofSeconds(1));
      var articles = kith.create("articles", ARTICLES, options);
      articles.upsert(article(1, 1, "", "en", 1));
      Thread.sleep(1050);
      assertThat(articles.count()).isEqualTo(1);
      articles.upsert(article(2, 1, "", "en", 1));
      assertThat(articles.count()).isEqualTo(1);
      Thread.sleep(1050);
      assertThat(articles.count()).isEqualTo(2);
    }
  }

  private static final CollectionOptions SELDOM =
      CollectionOptions.DEFAULT.withRefreshInterval(Duration.ofHours(1));

  @Test
  void refreshInterval_setPayload_changesTheNewestPoint() {
    try (var kith = Kith.inMemory()) {
      var articles = kith.create("articles", ARTICLES, SELDOM);
      articles.upsert(article(1, 1, "first", "en", 1));
      articles.optimize(); // searches see it
      articles.upsert(article(1, 2, "second", "en", 1), article(2, 2, "other", "en", 1));
      var ids = List.of(PointId.of(1), PointId.of(2));
      assertThat(articles.replacePayload(ids, Payload.of("year", 3))).isEqualTo(2);
      articles.optimize();
      assertThat(articles.get(ids))
          .extracting(point -> requireNonNull(point.vector(Schema.VECTOR))[0])
          .containsExactly(2f, 2f);
    }
  }

  @Test
  void refreshInterval_addField_indexesAllPoints() {
    try (var kith = Kith.inMemory()) {
      var points = kith.create("points", Schema.of(2, Metric.L2), SELDOM);
      points.upsert(article(1, 1, "first", "en", 1));
      points.optimize(); // searches see it
      points.upsert(article(2, 2, "second", "en", 1));
      points.addField("year", FieldType.INTEGER);
      assertThat(points.count(Filter.parse("year == 1"))).isEqualTo(2);
    }
  }

  @Test
  void refreshInterval_deleteByFilter_takesAllPoints() {
    try (var kith = Kith.inMemory()) {
      var articles = kith.create("articles", ARTICLES, SELDOM);
      articles.upsert(article(1, 1, "first", "en", 1));
      assertThat(articles.delete(Filter.parse("year == 1"))).isEqualTo(1);
    }
  }

  @Test
  void durabilityNone_keepsWhatACheckpointKept(@TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      var options = CollectionOptions.DEFAULT.withDurability(Durability.NONE);
      var articles = kith.create("articles", ARTICLES, options);
      articles.upsert(article(1, 1, "", "en", 1));
      assertThat(articles.stats().logBytes()).isLessThan(2000);
    }
    try (var kith = Kith.open(folder)) {
      assertThat(kith.collection("articles").count()).isEqualTo(1);
    }
  }

  @Test
  void damagedFiles_areNamed(@TempDir Path folder) throws Exception {
    try (var kith = Kith.open(folder)) {
      articles(kith);
    }
    var description = folder.resolve("articles").resolve("collection.json");
    Files.writeString(description, "{\"format\": 1, \"schema\": 5, \"pending\": []}");
    try (var kith = Kith.open(folder)) {
      assertThatThrownBy(() -> kith.collection("articles"))
          .isInstanceOf(VectorDataException.class)
          .hasMessage(
              "a collection's description must be whole: file=%s, found=a schema must be a JSON object; take it from a snapshot"
                  .formatted(description));
    }
  }

  @Test
  void damagedSegment_isFoundByVerify(@TempDir Path folder) throws Exception {
    try (var kith = Kith.open(folder)) {
      articles(kith);
    }
    var segments = folder.resolve("articles").resolve("segments");
    try (var files = Files.newDirectoryStream(segments, "*.{cfs,vec}")) {
      for (var file : files) {
        var bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
      }
    }
    try (var kith = Kith.open(folder)) {
      assertThat(kith.collection("articles").verify())
          .isNotEmpty()
          .first()
          .asString()
          .contains("checksum failed");
    } catch (RuntimeException e) { // the bit may lie in what opening reads
      assertThat(e).hasMessageContaining("segments");
    }
  }

  @Test
  void addField_cutOff_goesOnOrIsGivenUpAtTheNextOpening(@TempDir Path folder) throws Exception {
    for (var type : List.of("keyword", "integer")) {
      var path = folder.resolve(type);
      try (var kith = Kith.open(path)) {
        var points = kith.create("points", Schema.of(1, Metric.L2));
        points.upsert(Point.of(PointId.of(2), new float[1], Payload.of("year", "x")));
      }
      var files = new CollectionFolder(path.resolve("points"));
      var description = files.read();
      files.write(
          description.next(
              description.schema().withField("year", FieldType.parse(type)), Set.of("year")));
      try (var kith = Kith.open(path)) {
        var points = kith.collection("points");
        assertThat(points.schema().fields().containsKey("year")).isEqualTo(type.equals("keyword"));
        assertThat(points.count()).isEqualTo(1);
        if (type.equals("keyword")) {
          assertThat(points.count(Filter.parse("year == 'x'"))).isEqualTo(1);
        }
      }
    }
  }

  @Test
  void segments_ofAReader_leadFromLiveRowsToIds() {
    try (var kith = Kith.inMemory()) {
      var points = kith.create("points", Schema.of(2, Metric.L2));
      for (int part = 0; part < 3; part++) {
        points.upsert(
            IntStream.range(20 * part, 20 * part + 20)
                .mapToObj(i -> Point.of(PointId.of(i), new float[] {i, -i}))
                .toList());
        points.query(Query.nearest(new float[2])); // a new reader, so a segment
      }
      points.delete(List.of(PointId.of(7), PointId.of(45)));
      try (var reader = points.reader()) {
        var found = new ArrayList<PointId>();
        for (var segment : reader.segments(Schema.VECTOR)) {
          var rows = segment.index().rows();
          for (long row = 0; row < rows.size(); row++) {
            var live = segment.live();
            if (live == null || live.allows(row)) {
              var id = segment.ids().apply(row);
              assertThat(id).isEqualTo(PointId.of((long) rows.row(row)[0]));
              found.add(id);
            }
          }
        }
        assertThat(found)
            .containsExactlyInAnyOrderElementsOf(
                IntStream.range(0, 60)
                    .filter(i -> i != 7 && i != 45)
                    .mapToObj(PointId::of)
                    .toList());
        assertThatThrownBy(() -> reader.segments("none")).hasMessageContaining("none");
      }
    }
  }

  @Test
  void setIndex_takesHoldWhenSegmentsAreMerged() {
    try (var kith = Kith.inMemory()) {
      var schema = Schema.of(VectorField.of(4, Metric.L2).withIndex("flat"));
      var points = kith.create("points", schema);
      points.upsert(
          IntStream.range(0, 5000)
              .mapToObj(i -> Point.of(PointId.of(i), new float[] {i, 1, 2, 3}))
              .toList());
      assertThat(points.stats().indexes().getFirst().shadowBytes()).isZero();
      points.setIndex(Schema.VECTOR, "flat(shadow=int8)");
      points.optimize();
      assertThat(points.stats().indexes().getFirst().shadowBytes()).isPositive();
      assertThat(points.stats().segments()).isEqualTo(1);
    }
  }

  @Test
  void optimize_stopped_losesNothing(@TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      var points = kith.create("points", Schema.of(4, Metric.L2));
      for (int batch = 0; batch < 5; batch++) {
        int first = batch * 1000;
        points.upsert(
            IntStream.range(first, first + 1000)
                .mapToObj(i -> Point.of(PointId.of(i), new float[] {i, 1, 2, 3}))
                .toList());
        points.count();
      }
      points.optimize(_ -> {}, () -> true);
      assertThat(points.count()).isEqualTo(5000);
      assertThat(points.optimize(_ -> {}, () -> false)).isTrue();
      assertThat(points.stats().segments()).isEqualTo(1);
      assertThat(points.count()).isEqualTo(5000);
      assertThat(points.verify()).isEmpty();
    }
  }

  @Test
  void segmentListeners_hearOfSegmentsThatComeAndGo() {
    SeenSegments.PRESENT.clear();
    SeenSegments.GONE.clear();
    try (var kith = Kith.inMemory()) {
      var points = kith.create("points", Schema.of(7, Metric.L2));
      points.upsert(Point.of(PointId.of(1), new float[7]));
      points.count();
      assertThat(SeenSegments.PRESENT.values()).containsExactly(7);
      var first = Set.copyOf(SeenSegments.PRESENT.keySet());
      points.upsert(Point.of(PointId.of(2), new float[7]));
      points.count();
      points.optimize();
      assertThat(points.count()).isEqualTo(2);
      assertThat(SeenSegments.GONE).containsAll(first);
      assertThat(SeenSegments.PRESENT).hasSize(1);
    }
    assertThat(SeenSegments.PRESENT).isEmpty();
  }

  @Test
  void flightRecorder_seesWritesAndSearches(@TempDir Path folder) throws Exception {
    var file = folder.resolve("events.jfr");
    try (var recording = new Recording()) {
      for (var event : List.of("Upsert", "Refresh", "Merge", "Checkpoint", "Search")) {
        recording.enable("dev.kith." + event).withoutThreshold();
      }
      recording.start();
      try (var kith = Kith.open(folder.resolve("db"))) {
        var articles = articles(kith);
        articles.query(Query.nearest(new float[2]));
        articles.upsert(article(9, 1, "", "en", 1));
        articles.count();
        articles.optimize();
      }
      recording.dump(file);
    }
    var seen = new TreeSet<String>();
    for (var event : RecordingFile.readAllEvents(file)) {
      seen.add(event.getEventType().getName());
      if (event.getEventType().getName().equals("dev.kith.Search")) {
        assertThat(event.getLong("rows")).isEqualTo(4);
        assertThat(event.getString("backend")).isNotEmpty();
      }
    }
    assertThat(seen)
        .containsExactlyInAnyOrder(
            "dev.kith.IndexBuild", // of core, recorded beside them
            "dev.kith.IndexSearch",
            "dev.kith.Upsert",
            "dev.kith.Refresh",
            "dev.kith.Merge",
            "dev.kith.Checkpoint",
            "dev.kith.Search");
  }

  @Test
  void jmx_countsPointsAndQueries(@TempDir Path folder) throws Exception {
    var server = ManagementFactory.getPlatformMBeanServer();
    var pattern = new ObjectName("dev.kith:type=Collection,name=\"articles\",*");
    try (var kith = Kith.open(folder)) {
      var articles = articles(kith);
      articles.query(Query.nearest(new float[2]));
      var name = requireNonNull(server.queryNames(pattern, null).iterator().next());
      assertThat(server.getAttribute(name, "Points")).isEqualTo(4L);
      assertThat(server.getAttribute(name, "Queries")).isEqualTo(1L);
      assertThat(server.getAttribute(name, "Upserts")).isEqualTo(4L);
      assertThat(server.getAttribute(name, "Place"))
          .isEqualTo(folder.resolve("articles").toString());
    }
    assertThat(server.queryNames(pattern, null)).isEmpty();
  }

  @Test
  void upsertAll_acknowledgesFromTheStart(@TempDir Path folder) {
    try (var kith = Kith.open(folder)) {
      var points = kith.create("points", Schema.of(1, Metric.L2));
      var counts = new java.util.ArrayList<Long>();
      var stream =
          IntStream.range(0, 5000).mapToObj(i -> Point.of(PointId.of(i % 4000), new float[] {i}));
      long all =
          points.upsertAll(
              stream.iterator(),
              (count, last) -> {
                counts.add(count);
                assertThat(last).isEqualTo(PointId.of((count - 1) % 4000));
              });
      assertThat(all).isEqualTo(5000);
      assertThat(counts).isSorted().endsWith(5000L);
      assertThat(points.count()).isEqualTo(4000);
      assertThat(requireNonNull(points.get(PointId.of(7))).vector(Schema.VECTOR))
          .containsExactly(4007);
    }
  }

  @Test
  void upsertAll_streamThatFails_keepsWhatWasAcknowledged() {
    try (var kith = Kith.inMemory()) {
      var points = kith.create("points", Schema.of(1, Metric.L2));
      var acknowledged = new long[1];
      var stream =
          IntStream.range(0, 5000)
              .mapToObj(
                  i -> {
                    if (i == 4321) {
                      throw new IllegalArgumentException("line 4322 is no point");
                    }
                    return Point.of(PointId.of(i), new float[] {i});
                  });
      assertThatThrownBy(
              () -> points.upsertAll(stream.iterator(), (count, _) -> acknowledged[0] = count))
          .hasMessage("line 4322 is no point");
      assertThat(points.count()).isGreaterThanOrEqualTo(acknowledged[0]).isLessThanOrEqualTo(4321);
    }
  }
}
