package dev.kith.db;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorDataException;
import dev.kith.db.filter.Filter;
import dev.kith.db.format.KithVectorsFormat;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import dev.kith.db.point.VectorField;
import dev.kith.db.query.Query;
import dev.kith.db.store.CollectionFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.zip.ZipInputStream;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Collections that builds of old left behind are read, searched, written and merged for ever. How
 * they were made: {@code README.md} and {@code make.sh} beside them.
 */
class GoldenCollectionTest {
  private static final int QUERIES = Seeded.effort() == 1 ? 4 : 12;
  private static final String NAME = "golden";
  private static final String NEWEST = "Kith2";

  private static final Schema SCHEMA =
      new Schema(
          Map.of(
              "body",
              VectorField.of(4, Metric.COSINE).withIndex("flat(shadow=int8)"),
              "code",
              VectorField.of(3, Metric.DOT).withType(ElementType.INT8).withIndex("flat")),
          Map.of("year", FieldType.INTEGER, "lang", FieldType.KEYWORD, "text", FieldType.TEXT),
          false);

  private static PointId id(int i) {
    return i % 2 == 0 ? PointId.of(i) : PointId.of("p" + i);
  }

  /** What make.sh writes as one line. */
  private static Point point(int i, int version) {
    var vectors = new HashMap<String, float[]>();
    vectors.put(
        "body",
        new float[] {
          (i * 7 % 64 - 31) / 4f, (i * 11 % 48 - 23) / 4f, (i % 12 - 6) / 4f, i / 1000 + version
        });
    if (i % 3 == 0) {
      vectors.put("code", new float[] {i % 100 - 50, i / 7 % 90 - 45, version});
    }
    var payload =
        Payload.of(
            "year",
            1990 + i % 30,
            "lang",
            List.of("en", "de", "fr").get(i % 3),
            "text",
            "word%d of version%d".formatted(i % 50, version));
    return new Point(id(i), vectors, payload);
  }

  /** All that make.sh did, in its order. */
  private static Model made() {
    var model = new Model(SCHEMA);
    IntStream.range(0, 4200).forEach(i -> model.upsert(point(i, 0)));
    IntStream.range(4100, 4260).forEach(i -> model.upsert(point(i, 1)));
    for (int i = 0; i < 4260; i += 41) {
      model.points.remove(id(i));
    }
    IntStream.range(200, 240).forEach(i -> model.upsert(point(i, 2)));
    IntStream.range(4260, 4280).forEach(i -> model.upsert(point(i, 2)));
    return model;
  }

  private static void unpack(String zip, Path folder) throws IOException {
    try (var in =
        new ZipInputStream(
            requireNonNull(
                GoldenCollectionTest.class.getResourceAsStream(
                    "/dev/kith/db/golden/%s.zip".formatted(zip))))) {
      for (var entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        var path = folder.resolve(entry.getName());
        if (entry.isDirectory()) {
          Files.createDirectories(path);
        } else {
          Files.createDirectories(requireNonNull(path.getParent()));
          Files.write(path, in.readAllBytes());
        }
      }
    }
  }

  /** The formats of the vectors in the last commit. */
  private static Set<String> formats(Path folder) throws IOException {
    var formats = new TreeSet<String>();
    try (var directory = new CollectionFolder(folder.resolve(NAME)).directory();
        var reader = DirectoryReader.open(directory)) {
      for (var leaf : reader.leaves()) {
        for (var info : leaf.reader().getFieldInfos()) {
          if (info.hasVectorValues()) {
            formats.add(
                requireNonNull(info.getAttribute(PerFieldKnnVectorsFormat.PER_FIELD_FORMAT_KEY)));
          }
        }
      }
    }
    return formats;
  }

  /** Every point, and answers of every kind, against a look at each point. */
  private static void requireSame(Collection found, Model model) {
    model.check(found);
    for (int i = 0; i < QUERIES; i++) {
      for (var filter : new String[] {null, "lang == 'de' and year < 2000", "text ~ 'word7'"}) {
        var body = new float[] {i - 6, 3 - i * 0.5f, i % 3, 1};
        var nearest = Query.nearest("body", body).limit(25);
        var where = filter == null ? nearest : nearest.where(filter);
        Model.sameHits(found.query(where).hits(), model.nearest(where, "body", body, List.of()));
        assertThat(found.query(where).report().proved()).isTrue();
        var code = new float[] {10 * i - 60, 40 - 7 * i, 1};
        var products = Query.nearest("code", code).limit(40);
        where = filter == null ? products : products.where(filter);
        Model.sameHits(found.query(where).hits(), model.nearest(where, "code", code, List.of()));
      }
      var word = "version" + i % 4;
      var ids = new TreeSet<PointId>();
      found.query(Query.words("text", word).limit(5000)).hits().forEach(hit -> ids.add(hit.id()));
      var expected = model.matching(Filter.parse("text ~ '%s'".formatted(word)));
      assertThat(ids).containsExactlyElementsOf(expected);
      var year = Filter.parse("year == %d".formatted(1990 + i));
      assertThat(found.count(year)).isEqualTo(model.matching(year).size());
    }
  }

  private static long shadowBytes(Collection collection) {
    return collection.stats().indexes().stream().mapToLong(index -> index.shadowBytes()).sum();
  }

  @ParameterizedTest
  @ValueSource(strings = {"kith1", "kith2"})
  void goldenCollection_readWrittenAndMerged_isWhatWasPut(String zip, @TempDir Path folder)
      throws IOException {
    unpack(zip, folder);
    var written = zip.replace("kith", "Kith");
    assertThat(formats(folder)).containsExactly(written);
    var model = made();
    try (var kith = Kith.openReadOnly(folder)) {
      var golden = kith.collection(NAME);
      assertThat(golden.schema()).isEqualTo(SCHEMA);
      assertThat(golden.stats().segments()).isEqualTo(5);
      assertThat(shadowBytes(golden)).as("of the build that made it").isEqualTo(117_888);
      requireSame(golden, model);
      assertThat(golden.verify()).isEmpty();
    }

    try (var kith = Kith.open(folder)) {
      var golden = kith.collection(NAME);
      requireSame(golden, model);
      var more = IntStream.range(4200, 4400).mapToObj(i -> point(i, 3)).toList();
      golden.upsert(more);
      more.forEach(model::upsert);
      golden.delete(id(1), id(250), id(4399));
      List.of(id(1), id(250), id(4399)).forEach(model.points::remove);
      requireSame(golden, model);
    }
    assertThat(formats(folder)).contains(written, NEWEST);

    try (var kith = Kith.open(folder)) {
      var golden = kith.collection(NAME);
      requireSame(golden, model);
      assertThat(golden.verify()).isEmpty();
      golden.optimize();
      requireSame(golden, model);
      assertThat(golden.stats().segments()).isEqualTo(1);
      assertThat(golden.verify()).isEmpty();
    }
    assertThat(formats(folder)).containsExactly(NEWEST);
    try (var kith = Kith.openReadOnly(folder)) {
      var golden = kith.collection(NAME);
      requireSame(golden, model);
      assertThat(shadowBytes(golden)).isPositive();
      assertThat(golden.verify()).isEmpty();
    }
  }

  /** What a Kith of old says of segments that a newer one wrote. */
  @Test
  void open_segmentsOfAnUnknownFormat_asksForANewerKith(@TempDir Path folder) throws IOException {
    unpack("kith2", folder);
    var files = new CollectionFolder(folder.resolve(NAME));
    var config =
        new IndexWriterConfig()
            .setCodec(
                new Lucene104Codec() {
                  @Override
                  public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
                    return new Unknown();
                  }
                });
    try (var directory = files.directory();
        var writer = new IndexWriter(directory, config)) {
      var data = new HashMap<String, String>();
      writer.getLiveCommitData().forEach(entry -> data.put(entry.getKey(), entry.getValue()));
      writer.addDocument(
          List.of(
              new KnnFloatVectorField(
                  "v.body", new float[] {1, 2, 3, 4}, VectorSimilarityFunction.COSINE)));
      writer.setLiveCommitData(data.entrySet());
      writer.commit();
    }
    for (boolean readOnly : new boolean[] {true, false}) {
      try (var kith = readOnly ? Kith.openReadOnly(folder) : Kith.open(folder)) {
        assertThatThrownBy(() -> kith.collection(NAME))
            .isInstanceOf(VectorDataException.class)
            .hasMessage(
                "segments must be of a format that this Kith knows: collection=%s, found=Kith9,"
                    + " known=Kith1, Kith2; they are of a newer Kith: use that",
                folder.resolve(NAME));
      }
    }
  }

  /** Writes as ever, under a name that nobody knows. */
  private static final class Unknown extends KnnVectorsFormat {
    Unknown() {
      super("Kith9");
    }

    @Override
    public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
      return new KithVectorsFormat().fieldsWriter(state);
    }

    @Override
    public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
      return new KithVectorsFormat().fieldsReader(state);
    }

    @Override
    public int getMaxDimensions(String field) {
      return VectorField.MAX_DIMENSION;
    }
  }
}
