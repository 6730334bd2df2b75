package dev.kith.db.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.db.point.VectorField;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.CheckIndex;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.SegmentReader;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.TieredMergePolicy;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnByteVectorQuery;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortField;
import org.apache.lucene.store.Directory;

/** An index under random changes, and beside it what must be in it. */
final class RandomIndex {
  static final Map<String, VectorField> FIELDS = fields();

  private static final String ID = "id";
  private static final String ORDER = "order";

  private final SplittableRandom random;
  private final boolean sorted;
  private final boolean compound;

  /** Vectors by id and field, decoded as they are stored. */
  private final Map<String, Map<String, float[]>> points = new HashMap<>();

  private final Map<String, Integer> orders = new HashMap<>();
  private int nextId;

  RandomIndex(SplittableRandom random) {
    this.random = random;
    this.sorted = random.nextBoolean();
    this.compound = random.nextBoolean();
  }

  private static Map<String, VectorField> fields() {
    var fields = new LinkedHashMap<String, VectorField>();
    fields.put("float32", VectorField.of(13, Metric.L2).withIndex("flat(shadow=int8)"));
    // Of the same kind as the first, so in one file with it, but of fewer documents.
    fields.put("sparse", VectorField.of(3, Metric.L2).withIndex("flat(shadow=int8)"));
    fields.put(
        "float16",
        VectorField.of(7, Metric.COSINE)
            .withType(ElementType.FLOAT16)
            .withIndex("flat(shadow=bf16)"));
    fields.put("int8", VectorField.of(5, Metric.DOT).withType(ElementType.INT8).withIndex("flat"));
    return fields;
  }

  IndexWriterConfig config(Codec codec) {
    var policy = new TieredMergePolicy();
    policy.setNoCFSRatio(compound ? 1 : 0);
    var config =
        new IndexWriterConfig()
            .setCodec(codec)
            .setUseCompoundFile(compound)
            .setMergePolicy(policy)
            .setMergeScheduler(new SerialMergeScheduler())
            .setMaxBufferedDocs(100 + random.nextInt(3000));
    return sorted
        ? config.setIndexSort(new Sort(new SortField(ORDER, SortField.Type.INT)))
        : config;
  }

  IndexWriterConfig config() {
    return config(KithVectorsFormat.codec(name -> requireNonNull(FIELDS.get(name))));
  }

  /** The same for segments of the format before. */
  IndexWriterConfig olderConfig() {
    return config(Kith1WritingFormat.codec(name -> requireNonNull(FIELDS.get(name))));
  }

  /** Adds that many documents, each with most of its vectors. */
  void add(IndexWriter writer, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      put(writer, "p" + nextId++);
    }
  }

  /** Replaces and deletes some. */
  void change(IndexWriter writer, int count) throws IOException {
    var ids = new ArrayList<>(points.keySet());
    for (int i = 0; i < count && !ids.isEmpty(); i++) {
      String id = ids.get(random.nextInt(ids.size()));
      if (random.nextBoolean()) {
        put(writer, id);
      } else {
        writer.deleteDocuments(new Term(ID, id));
        points.remove(id);
      }
    }
  }

  private void put(IndexWriter writer, String id) throws IOException {
    var document = new Document();
    document.add(new StringField(ID, id, Field.Store.YES));
    int order = random.nextInt();
    document.add(new NumericDocValuesField(ORDER, order));
    orders.put(id, order);
    var vectors = new HashMap<String, float[]>();
    for (var entry : FIELDS.entrySet()) {
      if (entry.getKey().equals("sparse") && random.nextInt(4) > 0) {
        continue;
      }
      vectors.put(entry.getKey(), vector(entry.getKey(), entry.getValue(), document));
    }
    points.put(id, vectors);
    writer.updateDocument(new Term(ID, id), document);
  }

  private float[] vector(String name, VectorField field, Document document) {
    float[] vector = TestVectors.gaussian(random, field.dimension());
    if (random.nextInt(50) == 0) {
      vector = new float[field.dimension()]; // a vector without a direction
    }
    if (field.type() == ElementType.INT8) {
      vector = rounded(vector);
    }
    document.add(Vectors.field(name, field, vector.clone()));
    if (field.type() == ElementType.FLOAT16) {
      for (int i = 0; i < vector.length; i++) {
        vector[i] = Float.float16ToFloat(Float.floatToFloat16(vector[i]));
      }
    }
    return vector;
  }

  private static float[] rounded(float[] vector) {
    var rounded = new float[vector.length];
    for (int i = 0; i < rounded.length; i++) {
      rounded[i] = Math.clamp(Math.round(40 * vector[i]), -128, 127);
    }
    return rounded;
  }

  /** Requires that the reader has what was put, finds it, and finds it in place where mapped. */
  void check(DirectoryReader reader, Store store) throws IOException {
    assertThat(reader.numDocs()).isEqualTo(points.size());
    var found = new HashMap<String, Integer>();
    for (var leaf : reader.leaves()) {
      for (var name : FIELDS.keySet()) {
        found.merge(name, checkLeaf(leaf.reader(), name, store), Integer::sum);
      }
    }
    for (var name : FIELDS.keySet()) {
      assertThat(found.get(name))
          .as("vectors of %s", name)
          .isEqualTo((int) points.values().stream().filter(p -> p.containsKey(name)).count());
      checkLuceneSearch(reader, name);
    }
  }

  private int checkLeaf(LeafReader leaf, String name, Store store) throws IOException {
    var field = requireNonNull(FIELDS.get(name));
    var vectors = SegmentVectors.of(leaf, name);
    if (vectors == null) {
      return 0;
    }
    assertThat(vectors.field()).isEqualTo(field);
    assertThat(vectors.rows().size()).isEqualTo(vectors.size());
    var live = new ArrayList<float[]>();
    var rowOf = new ArrayList<Integer>();
    var values =
        field.type() == ElementType.INT8
            ? leaf.getByteVectorValues(name)
            : leaf.getFloatVectorValues(name);
    var each = values.iterator();
    int lastOrder = Integer.MIN_VALUE;
    int next = 0;
    var stored = leaf.storedFields();
    for (int document = 0; document < leaf.maxDoc(); document++) {
      String id = requireNonNull(stored.document(document).get(ID));
      boolean deleted = leaf.getLiveDocs() != null && !leaf.getLiveDocs().get(document);
      int row = vectors.row(document);
      if (row >= 0) {
        require(row == next++, "rows must be in the order of documents", id);
        require(vectors.document(row) == document, "a row must be of its document", id);
        require(each.nextDoc() == document && each.index() == row, "Lucene must see the same", id);
      }
      if (deleted) {
        continue;
      }
      if (sorted) {
        int order = requireNonNull(orders.get(id));
        require(order >= lastOrder, "documents must be sorted", id);
        lastOrder = order;
      }
      float[] expected = requireNonNull(points.get(id)).get(name);
      require(row >= 0 == (expected != null), "a document must have its vectors alone", id);
      if (expected != null) {
        require(Arrays.equals(vectors.rows().row(row), expected), "a row must be as it was", id);
        live.add(expected);
        rowOf.add(row);
      }
    }
    assertThat(next).isEqualTo(vectors.size());
    assertThat(vectors.dense()).isEqualTo(vectors.size() == leaf.maxDoc());
    boolean shadow =
        !field.index().toString().equals("flat") && vectors.size() >= KithVectorsFormat.SHADOW_ROWS;
    assertThat(vectors.index().data().bytes() > 0).isEqualTo(shadow);
    vectors.verifyBuilt();
    if (store == Store.MAPPED) {
      assertThat(vectors.inPlace()).isTrue();
      var memory = vectors.rows().block(0, 0).data();
      assertThat(memory.address() % 64).isZero();
      assertThat(RandomIndex.class.getModule().isNativeAccessEnabled()).isTrue();
      assertThat(memory.isMapped()).as("looks like memory that was not allocated").isFalse();
    }
    if (leaf instanceof SegmentReader segment) {
      assertThat(segment.getSegmentInfo().info.getAttribute(KithVectorsFormat.specAttribute(name)))
          .isEqualTo(field.index().toString());
      var sizes =
          segment.getVectorReader().getOffHeapByteSize(leaf.getFieldInfos().fieldInfo(name));
      assertThat(sizes)
          .containsEntry("vec", (long) vectors.size() * field.dimension() * field.type().bytes());
      assertThat(sizes.getOrDefault("ves", 0L)).isEqualTo(vectors.index().data().bytes());
    }
    checkSearch(vectors, leaf, field, live.toArray(float[][]::new), rowOf);
    return live.size();
  }

  /** Asked too often for assertions that build messages. */
  private static void require(boolean holds, String rule, String id) {
    if (!holds) {
      throw new AssertionError(rule + ": " + id);
    }
  }

  private void checkSearch(
      SegmentVectors vectors,
      LeafReader leaf,
      VectorField field,
      float[][] live,
      List<Integer> rowOf) {
    float[] query = query(field);
    int k = 1 + random.nextInt(20);
    var filter = vectors.filter(leaf.getLiveDocs());
    var options = SearchOptions.nearest(k);
    var result =
        vectors
            .index()
            .search(VectorSource.single(query), filter == null ? options : options.among(filter));
    var expected = TestVectors.nearest(field.metric(), query, live, k);
    for (int i = 0; i < expected.length; i++) {
      expected[i] = rowOf.get((int) expected[i]);
    }
    assertThat(result.neighbors().getFirst().rows()).containsExactly(expected);
    assertThat(result.report().proved()).isTrue();
  }

  private float[] query(VectorField field) {
    float[] query = TestVectors.gaussian(random, field.dimension());
    return field.type() == ElementType.INT8 ? rounded(query) : query;
  }

  /** By Lucene's own query, over all segments, deletions left out. */
  private void checkLuceneSearch(DirectoryReader reader, String name) throws IOException {
    var field = requireNonNull(FIELDS.get(name));
    float[] query = query(field);
    int k = 1 + random.nextInt(20);
    var rows =
        points.values().stream()
            .map(p -> p.get(name))
            .filter(v -> v != null)
            .toArray(float[][]::new);
    var nearest = TestVectors.nearest(field.metric(), query, rows, k);
    Query asked =
        field.type() == ElementType.INT8
            ? new KnnByteVectorQuery(name, bytes(query), k)
            : new KnnFloatVectorQuery(name, query, k);
    var hits = new IndexSearcher(reader).search(asked, k).scoreDocs;
    assertThat(hits).hasSize(nearest.length);
    for (int i = 0; i < hits.length; i++) {
      double key = TestVectors.key(field.metric(), query, rows[(int) nearest[i]]);
      double score =
          switch (field.metric()) {
            case L2 -> 1 / (1 + key);
            case COSINE -> (1 - key) / 2;
            case DOT -> key > 0 ? 1 / (1 + key) : 1 - key;
          };
      assertThat((double) hits[i].score)
          .as("%s, rank %d", name, i)
          .isCloseTo(score, within(1e-5 * Math.max(1, score)));
    }
  }

  private static byte[] bytes(float[] query) {
    var bytes = new byte[query.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) query[i];
    }
    return bytes;
  }

  /** Requires that Lucene finds nothing wrong with an index, looking as closely as it can. */
  static void requireClean(Directory directory) throws IOException {
    var log = new ByteArrayOutputStream();
    try (var check = new CheckIndex(directory)) {
      check.setLevel(CheckIndex.Level.MAX_VALUE);
      check.setThreadCount(1);
      check.setInfoStream(new PrintStream(log, false, UTF_8));
      assertThat(check.checkIndex().clean).as(() -> log.toString(UTF_8)).isTrue();
    }
    assertThat(log.toString(UTF_8)).contains("test: vectors");
  }

  /** The segments of a reader. */
  static CodecReader[] segments(DirectoryReader reader) {
    return reader.leaves().stream()
        .map(leaf -> (CodecReader) leaf.reader())
        .toArray(CodecReader[]::new);
  }

  /** The one segment. */
  static SegmentVectors only(DirectoryReader reader, String field) throws IOException {
    assertThat(reader.leaves()).hasSize(1);
    return requireNonNull(SegmentVectors.of(reader.leaves().getFirst().reader(), field));
  }
}
