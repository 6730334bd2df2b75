package dev.kith.db.format;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.codecs.CodecUtil;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnByteVectorField;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FilterCodecReader;
import org.apache.lucene.index.FilterLeafReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.VectorEncoding;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.util.FixedBitSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(Seeded.class)
class KithVectorsFormatTest {
  @TempDir Path folder;

  private static Codec codec(VectorField field) {
    return KithVectorsFormat.codec(_ -> field);
  }

  private static Document document(IndexableField... fields) {
    var document = new Document();
    for (var field : fields) {
      document.add(field);
    }
    return document;
  }

  private static KnnFloatVectorField l2(String name, float... vector) {
    return new KnnFloatVectorField(name, vector, VectorSimilarityFunction.EUCLIDEAN);
  }

  @ParameterizedTest
  @EnumSource
  void randomChanges_anyDirectory_areReadBackAndFoundExactly(Store store, SplittableRandom random)
      throws IOException {
    for (int round = 0; round < Seeded.effort(); round++) {
      var index = new RandomIndex(random);
      try (var directory = store.open(folder.resolve("%s%d".formatted(store, round)));
          var others = new ByteBuffersDirectory()) {
        try (var writer = new IndexWriter(directory, index.olderConfig())) {
          index.add(writer, random.nextBoolean() ? 4096 : 1 + random.nextInt(500));
          index.change(writer, random.nextInt(200));
          try (var reader = DirectoryReader.open(writer)) {
            index.check(reader, store);
          }
        }
        try (var writer = new IndexWriter(directory, index.config())) {
          index.add(writer, 200 + random.nextInt(1000));
          index.change(writer, random.nextInt(200));
          writer.commit();
          index.add(writer, 1 + random.nextInt(100));
          index.change(writer, 300);
          try (var reader = DirectoryReader.open(writer)) {
            index.check(reader, store);
          }
          // Segments of ours, and of other formats.
          for (var codec :
              List.of(
                  index.config().getCodec(), index.olderConfig().getCodec(), Codec.getDefault())) {
            try (var other = new IndexWriter(others, index.config(codec))) {
              index.add(other, 1 + random.nextInt(500));
            }
            try (var reader = DirectoryReader.open(others)) {
              writer.addIndexes(RandomIndex.segments(reader));
            }
            try (var other = new IndexWriter(others, index.config(codec))) {
              other.deleteAll();
            }
          }
          index.add(writer, 4096);
          index.change(writer, 500);
          try (var reader = DirectoryReader.open(writer)) {
            index.check(reader, store);
          }
          writer.forceMerge(1);
          try (var reader = DirectoryReader.open(writer)) {
            index.check(reader, store);
            assertThat(RandomIndex.only(reader, "float32").index().data().bytes()).isPositive();
          }
        }
        RandomIndex.requireClean(directory);
        try (var reader = DirectoryReader.open(directory)) {
          index.check(reader, store);
        }
      }
    }
  }

  /** The bytes between header and footer of the segment's only file of that kind. */
  private static byte[] body(Directory directory, String extension) throws IOException {
    var names =
        Arrays.stream(directory.listAll()).filter(n -> n.endsWith("." + extension)).toList();
    assertThat(names).hasSize(1);
    try (var in = directory.openInput(names.getFirst(), IOContext.READONCE)) {
      CodecUtil.readIndexHeader(in);
      var bytes = new byte[(int) (in.length() - in.getFilePointer() - CodecUtil.footerLength())];
      in.readBytes(bytes, 0, bytes.length);
      return bytes;
    }
  }

  @Test
  void shadow_flushedOrMerged_isTheSame(SplittableRandom random) throws IOException {
    var field = VectorField.of(6, Metric.COSINE);
    var rows = TestVectors.gaussians(random, KithVectorsFormat.SHADOW_ROWS + 100, 6);
    try (var flushed = new ByteBuffersDirectory();
        var merged = Store.MAPPED.open(folder)) {
      write(flushed, field, rows, rows.length);
      write(merged, field, rows, 1234);
      for (var extension : List.of("vec", "ves")) {
        assertThat(body(merged, extension)).isEqualTo(body(flushed, extension));
      }
    }
  }

  /** In segments of that many rows, then merged. */
  private static void write(Directory directory, VectorField field, float[][] rows, int segment)
      throws IOException {
    var config = new IndexWriterConfig().setCodec(codec(field)).setUseCompoundFile(false);
    config.getMergePolicy().setNoCFSRatio(0);
    try (var writer = new IndexWriter(directory, config)) {
      for (int i = 0; i < rows.length; i++) {
        writer.addDocument(
            document(
                new KnnFloatVectorField(
                    "v", rows[i], KithVectorsFormat.similarity(field.metric()))));
        if ((i + 1) % segment == 0) {
          writer.flush();
        }
      }
      writer.forceMerge(1);
    }
  }

  private interface Body<T> {
    void accept(T reader) throws IOException;
  }

  /** One commit of those documents, opened. */
  private static void withIndex(Codec codec, List<Document> documents, Body<DirectoryReader> body)
      throws IOException {
    try (var directory = new ByteBuffersDirectory()) {
      try (var writer = new IndexWriter(directory, new IndexWriterConfig().setCodec(codec))) {
        for (var document : documents) {
          writer.addDocument(document);
        }
      }
      try (var reader = DirectoryReader.open(directory)) {
        body.accept(reader);
      }
    }
  }

  private static final class Wrapped extends FilterLeafReader {
    Wrapped(LeafReader in) {
      super(in);
    }

    @Override
    public @Nullable CacheHelper getCoreCacheHelper() {
      return null;
    }

    @Override
    public @Nullable CacheHelper getReaderCacheHelper() {
      return null;
    }
  }

  private static final class WrappedCodec extends FilterCodecReader {
    WrappedCodec(CodecReader in) {
      super(in);
    }

    @Override
    public @Nullable CacheHelper getCoreCacheHelper() {
      return null;
    }

    @Override
    public @Nullable CacheHelper getReaderCacheHelper() {
      return null;
    }
  }

  @Test
  void of_wrappedReaders_isWhatTheSegmentHas() throws IOException {
    var field = VectorField.of(2, Metric.L2);
    withIndex(
        codec(field),
        List.of(document(l2("v", 1, 2)), document(), document(l2("v", 3, 4))),
        reader -> {
          var leaf = (CodecReader) reader.leaves().getFirst().reader();
          var vectors = requireNonNull(SegmentVectors.of(leaf, "v"));
          assertThat(SegmentVectors.of(new Wrapped(new WrappedCodec(leaf)), "v")).isSameAs(vectors);
          assertThat(SegmentVectors.of(new Wrapped(new Wrapped(leaf)), "v")).isSameAs(vectors);
          assertThat(SegmentVectors.of(leaf, "w")).isNull();
          assertThat(vectors.index()).isSameAs(vectors.index());

          assertThat(vectors.dense()).isFalse();
          assertThat(vectors.row(1)).isEqualTo(-1);
          assertThat(vectors.row(7)).isEqualTo(-1);
          var bits = new FixedBitSet(3);
          bits.set(1, 3);
          var filter = requireNonNull(vectors.filter(bits));
          assertThat(filter.count()).isEqualTo(1);
          assertThat(filter.allows(1)).isTrue();
          assertThat(vectors.filter(null)).isNull();
        });
    withIndex(
        Codec.getDefault(),
        List.of(document(l2("v", 1, 2))),
        reader -> assertThat(SegmentVectors.of(reader.leaves().getFirst().reader(), "v")).isNull());
  }

  @Test
  void filter_wordsOfADenseField_areItsRows() throws IOException {
    var documents = new Document[70];
    Arrays.setAll(documents, i -> document(l2("v", i, 1)));
    withIndex(
        codec(VectorField.of(2, Metric.L2)),
        List.of(documents),
        reader -> {
          var vectors = RandomIndex.only(reader, "v");
          assertThat(vectors.dense()).isTrue();
          var bits = new FixedBitSet(70);
          bits.set(3);
          bits.set(69);
          for (var accepted : List.of(bits, bits.asReadOnlyBits())) {
            var filter = requireNonNull(vectors.filter(accepted));
            assertThat(filter.size()).isEqualTo(70);
            assertThat(filter.count()).isEqualTo(2);
            assertThat(filter.allows(3) && filter.allows(69)).isTrue();
          }
        });
  }

  @Test
  void rows_readerClosed_cannotBeRead() throws IOException {
    SegmentVectors vectors;
    try (var directory = Store.MAPPED.open(folder)) {
      try (var writer =
          new IndexWriter(
              directory, new IndexWriterConfig().setCodec(codec(VectorField.of(2, Metric.L2))))) {
        writer.addDocument(document(l2("v", 1, 2)));
      }
      try (var reader = DirectoryReader.open(directory)) {
        vectors = RandomIndex.only(reader, "v");
        assertThat(vectors.rows().row(0)).containsExactly(1, 2);
      }
    }
    assertThatThrownBy(() -> vectors.rows().row(0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Already closed");
  }

  /** The vector is refused, the index goes on. */
  private void assertRefused(
      VectorField field, IndexableField vector, @Nullable IndexableField good, String message)
      throws IOException {
    try (var directory = new ByteBuffersDirectory()) {
      try (var writer =
          new IndexWriter(directory, new IndexWriterConfig().setCodec(codec(field)))) {
        if (good != null) {
          writer.addDocument(document(good));
        }
        assertThatThrownBy(() -> writer.addDocument(document(vector)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage(message);
        if (good != null) {
          writer.addDocument(document(good));
          writer.forceMerge(1);
        }
      }
      if (good != null) {
        try (var reader = DirectoryReader.open(directory)) {
          assertThat(reader.numDocs()).isEqualTo(2);
          assertThat(RandomIndex.only(reader, good.name()).size()).isEqualTo(2);
        }
      }
    }
  }

  @Test
  void add_unfitVector_saysWhyAndTheIndexGoesOn() throws IOException {
    var float32 = VectorField.of(3, Metric.L2);
    var bad = new float[] {1, 2, 3};
    var vector = l2("v", bad);
    bad[1] = Float.NaN; // Lucene looked at it before
    assertRefused(
        float32,
        vector,
        l2("v", 1, 2, 3),
        "vectors must be finite: field=v, element=1, found=NaN; repair that vector or leave it"
            + " out");
    var float16 = float32.withType(ElementType.FLOAT16);
    assertRefused(
        float16,
        l2("v", 1, 2, -65520),
        l2("v", 1, 65519, 3),
        "float16 elements must not be beyond 65504: field=v, element=2, found=-65520.0; store the"
            + " field as float32, or scale its vectors");
    assertRefused(
        float32,
        new KnnByteVectorField("v", new byte[3], VectorSimilarityFunction.EUCLIDEAN),
        null,
        "float32 and float16 fields take floats, int8 fields take bytes: field=v, type=FLOAT32,"
            + " given=BYTE; add it as KnnFloatVectorField");
    assertRefused(
        float32.withType(ElementType.INT8),
        l2("v", 1, 2, 3),
        null,
        "float32 and float16 fields take floats, int8 fields take bytes: field=v, type=INT8,"
            + " given=FLOAT32; add it as KnnByteVectorField");
    assertRefused(
        float32,
        new KnnFloatVectorField("v", new float[3], VectorSimilarityFunction.DOT_PRODUCT),
        null,
        "a field's similarity function must be its metric's: field=v, metric=l2,"
            + " expected=EUCLIDEAN, found=DOT_PRODUCT; create the field with the expected one");
  }

  @Test
  void add_anyDimension_isLimitedTo16384(SplittableRandom random) throws IOException {
    int most = VectorField.MAX_DIMENSION;
    var row = TestVectors.gaussian(random, most);
    withIndex(
        codec(VectorField.of(most, Metric.L2)),
        List.of(document(l2("v", row))),
        reader -> assertThat(RandomIndex.only(reader, "v").rows().row(0)).containsExactly(row));
    assertRefused(
        VectorField.of(2, Metric.L2),
        l2("v", new float[most + 1]),
        null,
        "Field [v] vector's dimensions must be <= [16384]; got 16385");
  }

  @Test
  void field_unfitVector_saysWhy() {
    var int8 = VectorField.of(2, Metric.COSINE).withType(ElementType.INT8);
    for (float bad : new float[] {128, -129, 0.5f, Float.NaN}) {
      assertThatThrownBy(() -> Vectors.field("v", int8, new float[] {-128, bad}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "int8 elements must be integers of -128 to 127: field=v, element=1, found=%s; scale"
                  + " and round them, or store the field as float32",
              bad);
    }
    assertThatThrownBy(() -> Vectors.field("v", int8, new float[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a vector must have its field's dimension: field=v, expected=2, found=3");
  }

  @Test
  void new_typeThatIsNotStored_isRefused() {
    assertThatThrownBy(
            () -> new KithVectorsFormat(ElementType.BFLOAT16, Metric.L2, new IndexSpec.Flat(null)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("vectors are stored as float32, float16 or int8, not as BFLOAT16");
  }

  @Test
  void forName_anyOfKith_isItsFormat() {
    assertThat(KnnVectorsFormat.forName("Kith2")).isInstanceOf(KithVectorsFormat.class);
    assertThat(KnnVectorsFormat.forName("Kith1")).isInstanceOf(Kith1VectorsFormat.class);
    assertThat(codec(VectorField.of(2, Metric.L2)).getName()).isEqualTo("Lucene104");
  }

  /** What IndexWriter flushes by: all rows, and little beside. */
  @Test
  void ramBytesUsed_manyRows_isWhatTheyTake(SplittableRandom random) throws IOException {
    for (int d : new int[] {1, 96, 5000}) {
      var field = VectorField.of(d, Metric.L2);
      var info = Fields.info("v", 0, d, VectorEncoding.FLOAT32, VectorSimilarityFunction.EUCLIDEAN);
      var buffer = new FieldBuffer(info, field);
      int rows = 2000;
      for (int i = 0; i < rows; i++) {
        buffer.addValue(2 * i, TestVectors.gaussian(random, d));
      }
      long bytes = 4L * d * rows;
      assertThat(buffer.ramBytesUsed()).isBetween(bytes, bytes + bytes / 50 + (1 << 15));
    }
  }
}
