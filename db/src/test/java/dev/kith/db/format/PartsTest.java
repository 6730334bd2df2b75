package dev.kith.db.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.db.durability.Checks;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.FieldInfos;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.NoMergePolicy;
import org.apache.lucene.index.SegmentInfo;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentReader;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.TieredMergePolicy;
import org.apache.lucene.index.VectorEncoding;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortField;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;
import org.apache.lucene.util.InfoStream;
import org.apache.lucene.util.Version;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What lies beside the rows: built through the one door, listed, checked, refused. */
@ExtendWith(Seeded.class)
class PartsTest {
  private static final VectorField FLAT = VectorField.of(3, Metric.L2).withIndex("flat");

  /** Builds a text for every field. */
  private record Texts(String name, boolean isQuick, Function<Build, String> text)
      implements PartBuilder {
    @Override
    public String extension() {
      return "vx" + name.charAt(0);
    }

    @Override
    public boolean isWanted(VectorField field, int rows) {
      return true;
    }

    @Override
    public void build(Build build, PartOutput out) throws IOException {
      out.write(MemorySegment.ofArray(text.apply(build).getBytes(UTF_8)));
    }
  }

  private static String text(MemorySegment part) {
    return new String(part.toArray(ValueLayout.JAVA_BYTE), UTF_8);
  }

  private static String text(SegmentVectors vectors, String part) {
    return text(requireNonNull(vectors.parts().get(part)));
  }

  private static IndexWriterConfig config(PartBuilders builders, VectorField field) {
    var policy = new TieredMergePolicy();
    policy.setNoCFSRatio(0);
    return new IndexWriterConfig()
        .setCodec(KithVectorsFormat.codec(_ -> field, builders))
        .setUseCompoundFile(false)
        .setMergePolicy(policy)
        .setMergeScheduler(new SerialMergeScheduler());
  }

  private static Document document(int id, float... vector) {
    var document = new Document();
    document.add(new StringField("id", "" + id, Field.Store.YES));
    document.add(Vectors.field("v", FLAT, vector));
    return document;
  }

  @Test
  void build_severalBuilders_runInOrderAndSeeEarlierParts() throws IOException {
    var builders =
        PartBuilders.STANDARD
            .with(new Texts("first", true, build -> "rows=" + build.rows().size()))
            .with(
                new Texts(
                    "second",
                    true,
                    build ->
                        build.parts().keySet()
                            + " "
                            + text(requireNonNull(build.parts().get("first")))
                            + " "
                            + Arrays.toString(build.rows().row(1))));
    try (var directory = new ByteBuffersDirectory()) {
      try (var writer = new IndexWriter(directory, config(builders, FLAT))) {
        writer.addDocument(document(0, 1, 2, 3));
        writer.addDocument(document(1, 4, 5, 6));
      }
      try (var reader = DirectoryReader.open(directory)) {
        var vectors = RandomIndex.only(reader, "v");
        assertThat(vectors.parts().keySet()).containsExactly("first", "second");
        assertThat(text(vectors, "first")).isEqualTo("rows=2");
        assertThat(text(vectors, "second")).isEqualTo("[first] rows=2 [4.0, 5.0, 6.0]");
      }
    }
  }

  /** What is read knows nothing of the builders: to it, both parts are of a newer Kith. */
  @Test
  void read_partThatNobodyKnows_isListedCheckedAndLeftOutOfMerges() throws IOException {
    var newer = PartBuilders.STANDARD.with(new Texts("news", true, _ -> "extra, extra"));
    try (var directory = new ByteBuffersDirectory()) {
      try (var writer = new IndexWriter(directory, config(newer, FLAT))) {
        writer.addDocument(document(0, 1, 2, 3));
        writer.addDocument(new Document());
      }
      RandomIndex.requireClean(directory);
      try (var reader = DirectoryReader.open(directory)) {
        var vectors = RandomIndex.only(reader, "v");
        assertThat(vectors.storedParts())
            .containsExactly(
                new SegmentVectors.StoredPart("rows", true, "_0_Kith2_0.vec", 12),
                new SegmentVectors.StoredPart("documents", true, "_0_Kith2_0.vec", 4),
                new SegmentVectors.StoredPart("news", false, "_0_Kith2_0.vxn", 12));
        assertThat(text(vectors, "news")).isEqualTo("extra, extra");
        assertThat(
                vectors
                    .index()
                    .search(VectorSource.single(new float[] {1, 2, 4}), SearchOptions.nearest(1))
                    .neighbors()
                    .getFirst()
                    .rows())
            .containsExactly(0);
        var segment = (SegmentReader) reader.leaves().getFirst().reader();
        assertThat(
                segment
                    .getVectorReader()
                    .getOffHeapByteSize(requireNonNull(segment.getFieldInfos().fieldInfo("v"))))
            .isEqualTo(Map.of("vec", 12L, "vxn", 12L));
      }
      try (var writer = new IndexWriter(directory, config(PartBuilders.STANDARD, FLAT))) {
        writer.addDocument(document(1, 4, 5, 6));
        writer.commit();
        writer.forceMerge(1);
      }
      try (var reader = DirectoryReader.open(directory)) {
        assertThat(RandomIndex.only(reader, "v").parts()).isEmpty();
        assertThat(RandomIndex.only(reader, "v").size()).isEqualTo(2);
      }
    }
  }

  @Test
  void build_stoppedInAFlush_leavesThePartOutAndSaysSo() throws IOException {
    var stopped =
        PartBuilders.STANDARD
            .with(new Texts("quick", true, _ -> "always"))
            .with(new Texts("long", false, _ -> "never"))
            .withClosing(() -> true);
    try (var directory = new ByteBuffersDirectory()) {
      try (var writer = new IndexWriter(directory, config(stopped, FLAT))) {
        writer.addDocument(document(0, 1, 2, 3));
        writer.commit();
        assertThat(attribute(directory)).isEqualTo("flat without long");
        assertThat(directory.listAll()).noneMatch(file -> file.endsWith(".vxl"));
        try (var reader = DirectoryReader.open(writer)) {
          assertThat(text(RandomIndex.only(reader, "v"), "quick")).isEqualTo("always");
          assertThat(RandomIndex.only(reader, "v").parts()).doesNotContainKey("long");
        }
        // A merge is nobody's to leave parts out of: it is aborted or whole.
        writer.addDocument(document(1, 1, 2, 3));
        writer.commit();
        writer.forceMerge(1);
      }
      try (var reader = DirectoryReader.open(directory)) {
        assertThat(text(RandomIndex.only(reader, "v"), "long")).isEqualTo("never");
      }
      assertThat(attribute(directory)).isEqualTo("flat");
      RandomIndex.requireClean(directory);
    }
  }

  private static String attribute(Directory directory) throws IOException {
    try (var reader = DirectoryReader.open(directory)) {
      var segment = (SegmentReader) reader.leaves().getLast().reader();
      return requireNonNull(
          segment.getSegmentInfo().info.getAttribute(KithVectorsFormat.specAttribute("v")));
    }
  }

  @Test
  void build_stoppedWhileItCodes_endsSoon(SplittableRandom random) throws IOException {
    var asked = new AtomicInteger();
    var rows = VectorSource.of(TestVectors.gaussians(random, 5000, 4));
    for (var spec : List.of("flat(shadow=int8)", "flat(shadow=bf16)")) {
      asked.set(0);
      var build =
          new Build(
              "shadow",
              VectorField.of(4, Metric.COSINE).withIndex(spec),
              rows,
              new LinkedHashMap<>(),
              List.of(),
              () -> asked.incrementAndGet() > 5);
      try (var directory = new ByteBuffersDirectory();
          IndexOutput file = directory.createOutput("a", IOContext.DEFAULT)) {
        var out = new PartOutput(file, () -> {});
        assertThatThrownBy(() -> new ShadowBuilder().build(build, out))
            .satisfies(e -> assertThat(BuildStoppedException.caused(e)).isTrue());
        assertThat(out.length()).isZero();
        assertThat(asked.get()).as("asked after it was told").isLessThan(12);
      }
    }
    assertThat(BuildStoppedException.caused(new IllegalStateException("another"))).isFalse();
  }

  @Test
  void builders_namesThatClash_areRefused() {
    for (var name : List.of("rows", "documents", "shadow", "Graph", "-", "a b", "")) {
      var builder =
          new PartBuilder() {
            @Override
            public String name() {
              return name;
            }

            @Override
            public String extension() {
              return "vxx";
            }

            @Override
            public boolean isWanted(VectorField field, int rows) {
              return true;
            }

            @Override
            public boolean isQuick() {
              return true;
            }

            @Override
            public void build(Build build, PartOutput out) {}
          };
      assertThatThrownBy(() -> PartBuilders.STANDARD.with(builder))
          .as(name)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("a part's name and its file's extension must be ")
          .hasMessageContaining("name=%s, extension=vxx".formatted(name));
    }
  }

  /** Every row that was kept is where the map says, and no other. */
  @Test
  void merged_anySegments_mapsOldRowsToNewOnes(SplittableRandom random) throws IOException {
    for (int round = 0; round < 6 * Seeded.effort(); round++) {
      var seen = new Mapped();
      var builders =
          PartBuilders.STANDARD.with(
              new Texts(
                  "map",
                  false,
                  build -> {
                    seen.check(build);
                    return "x";
                  }));
      boolean sorted = random.nextBoolean();
      boolean sparse = random.nextBoolean();
      try (var directory = new ByteBuffersDirectory()) {
        int points = 0;
        for (boolean older : new boolean[] {true, false, false}) {
          var config = config(builders, FLAT).setMergePolicy(NoMergePolicy.INSTANCE);
          if (older) {
            config.setCodec(Kith1WritingFormat.codec(_ -> FLAT));
          }
          if (sorted) {
            config.setIndexSort(new Sort(new SortField("order", SortField.Type.INT)));
          }
          try (var writer = new IndexWriter(directory, config)) {
            int first = points; // stays, so that there are three segments
            for (int left = 1 + random.nextInt(60); left > 0; left--) {
              var document = document(points++, TestVectors.gaussian(random, 3));
              document.add(new NumericDocValuesField("order", random.nextInt(1000)));
              if (sparse && points > first + 1 && random.nextInt(3) == 0) {
                document.removeField("v");
              }
              writer.addDocument(document);
            }
            writer.commit();
            for (int left = random.nextInt(30); left > 0 && points > first + 1; left--) {
              int gone = random.nextInt(first + 1, points);
              writer.deleteDocuments(new Term("id", "" + gone));
            }
          }
        }
        seen.reset();
        var config = config(builders, FLAT);
        if (sorted) {
          config.setIndexSort(new Sort(new SortField("order", SortField.Type.INT)));
        }
        try (var writer = new IndexWriter(directory, config)) {
          writer.forceMerge(1);
        }
        try (var reader = DirectoryReader.open(directory)) {
          var vectors = RandomIndex.only(reader, "v");
          assertThat(text(vectors, "map")).isEqualTo("x");
          assertThat(seen.kept).isEqualTo(vectors.size());
        }
        assertThat(seen.builds).isEqualTo(1);
        assertThat(seen.segments).isEqualTo(3);
      }
    }
  }

  /** Counts what maps say, and requires that it is so. */
  private static final class Mapped {
    private int builds;
    private int segments;
    private int kept;

    void reset() {
      builds = 0;
      segments = 0;
      kept = 0;
    }

    void check(Build build) {
      builds++;
      var taken = new boolean[(int) build.rows().size()];
      for (var mapping : build.merged()) {
        segments++;
        int last = -1;
        for (int row = 0; row < mapping.from().size(); row++) {
          int now = mapping.newRow(row);
          if (now == RowMapping.NONE) {
            continue;
          }
          assertThat(build.rows().row(now)).isEqualTo(mapping.from().rows().row(row));
          assertThat(taken[now]).isFalse();
          taken[now] = true;
          kept++;
          assertThat(now).as("a segment's rows keep their order").isGreaterThan(last);
          last = now;
        }
      }
      if (!build.merged().isEmpty()) {
        for (boolean each : taken) {
          assertThat(each).as("every row comes from some segment").isTrue();
        }
      }
    }
  }

  // ---- metadata that no Kith of today writes ----

  private static final FieldInfos FIELDS =
      new FieldInfos(
          new FieldInfo[] {
            Fields.info("v", 0, 3, VectorEncoding.FLOAT32, VectorSimilarityFunction.EUCLIDEAN)
          });

  private static SegmentInfo segment(Directory directory) {
    return new SegmentInfo(
        directory,
        Version.LATEST,
        Version.LATEST,
        "_7",
        2,
        false,
        false,
        Codec.getDefault(),
        Map.of(),
        new byte[16],
        Map.of(),
        null);
  }

  /** A whole segment of two rows, one of which has no document's number, with other parts. */
  private static void assertRefused(Function<List<Part>, List<Part>> change, String message)
      throws IOException {
    try (var directory = new ByteBuffersDirectory()) {
      var segment = segment(directory);
      var state =
          new SegmentWriteState(
              InfoStream.NO_OUTPUT, directory, segment, FIELDS, null, IOContext.DEFAULT, "s");
      try (var writer = new KithVectorsFormat().fieldsWriter(state)) {
        var buffer = (FieldBuffer) writer.addField(requireNonNull(FIELDS.fieldInfo("v")));
        buffer.addValue(0, new float[] {1, 2, 3});
        buffer.addValue(2, new float[] {4, 5, 6});
        writer.flush(3, null);
        writer.finish();
      }
      var read = new SegmentReadState(directory, segment, FIELDS, IOContext.DEFAULT, "s");
      try (var whole = (VectorsReader) new KithVectorsFormat().fieldsReader(read)) {
        assertThat(requireNonNull(whole.vectors("v")).row(2)).isEqualTo(1);
      }
      var metadata = Kith2Metadata.read(read);
      directory.deleteFile("_7_s.vem");
      var field = metadata.fields().getFirst();
      var changed =
          new FieldEntry(field.number(), field.field(), field.rows(), change.apply(field.parts()));
      Kith2Metadata.write(new Metadata(metadata.files(), List.of(changed)), state);
      assertThatThrownBy(() -> new KithVectorsFormat().fieldsReader(read).close())
          .as(message)
          .isInstanceOf(CorruptIndexException.class)
          .hasMessageStartingWith(message);
    }
  }

  private static List<Part> plus(List<Part> parts, Part part) {
    var more = new ArrayList<>(parts);
    more.add(part);
    return more;
  }

  private static List<Part> first(List<Part> parts, Function<Part, Part> change) {
    var changed = new ArrayList<>(parts);
    changed.set(0, change.apply(parts.getFirst()));
    return changed;
  }

  @Test
  void open_requiredPartThatNobodyKnows_saysThatANewerKithIsNeeded() throws IOException {
    assertRefused(
        parts -> plus(parts, new Part("order", true, 0, 192, 0, 0)),
        "a part without which a field cannot be read must be known: field=v, part=order, flags=1,"
            + " known=[documents, rows]; the segment is of a newer Kith: use that");
  }

  @Test
  void open_metadataThatCannotBe_isRefused() throws IOException {
    String advice = "; restore the segment's files from a copy";
    assertRefused(parts -> parts.subList(1, 2), "a field must have rows: field=0" + advice);
    assertRefused(
        parts -> plus(parts, parts.getFirst()),
        "a part must be in its field once: field=0" + advice);
    assertRefused(
        parts -> first(parts, p -> new Part(p.name(), true, 5, p.at(), p.length(), 0)),
        "a part must be in one of the segment's files: file=5" + advice);
    assertRefused(
        parts -> first(parts, p -> new Part(p.name(), true, 0, p.at() + 4, p.length(), 0)),
        "a part must begin at a multiple of 64: offset=68" + advice);
    assertRefused(
        parts -> first(parts, p -> new Part(p.name(), true, 0, p.at(), 100, 0)),
        "parts of a file must lie one behind the other: offset=128" + advice);
    assertRefused(
        parts -> first(parts, p -> new Part(p.name(), true, 0, p.at(), -1, 0)),
        "parts of a file must lie one behind the other: offset=64" + advice);
    assertRefused(
        parts -> first(parts, p -> new Part(p.name(), true, 0, p.at(), 23, 0)),
        "a field's part must be as long as its rows need: field=v, part=rows, rows=2, expected=24,"
            + " found=23"
            + advice);
    assertRefused(
        parts -> plus(parts, new Part("graph", false, 0, 1 << 20, 8, 0)),
        "a field's part must lie in its file: field=v, part=graph, offset=1048576, length=8,"
            + " file=");
    assertRefused(
        parts -> plus(parts, new Part("graph", false, 0, Long.MAX_VALUE / 64 * 64, 640, 0)),
        "a field's part must lie in its file: field=v, part=graph, offset=9223372036854775744,");
    assertRefused(
        parts -> plus(parts, new Part("../x", false, 0, 192, 0, 0)),
        "a part's name must match [a-z][a-z0-9-]{0,31}" + advice);
  }

  @Test
  void kith1_writing_isRefused() throws IOException {
    try (var directory = new ByteBuffersDirectory()) {
      var state =
          new SegmentWriteState(
              InfoStream.NO_OUTPUT,
              directory,
              segment(directory),
              FIELDS,
              null,
              IOContext.DEFAULT,
              "s");
      assertThatThrownBy(() -> new Kith1VectorsFormat().fieldsWriter(state))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessage("segments of Kith1 are read, not written: segment=_7; write Kith2");
      assertThat(directory.listAll()).isEmpty();
    }
  }

  @Test
  void checks_listOfDocumentsAlone_isReadBeforeItIsUsed() throws IOException {
    try (var directory = new ByteBuffersDirectory()) {
      try (var writer = new IndexWriter(directory, config(PartBuilders.STANDARD, FLAT))) {
        writer.addDocument(new Document());
        writer.addDocument(document(0, 1, 2, 3));
      }
      long rowsAt;
      long documentsAt;
      try (var reader = DirectoryReader.open(directory)) {
        var segment = (CodecReader) reader.leaves().getFirst().reader();
        var vectors = requireNonNull(VectorsReader.of(segment.getVectorReader(), "v"));
        var entry = requireNonNull(vectors.entry("v"));
        rowsAt = entry.rowsPart().at();
        documentsAt = requireNonNull(entry.part(Part.DOCUMENTS)).at();
      }
      flip(directory, "_0_Kith2_0.vec", rowsAt);
      try (var reader = checked(directory, Checks.QUERIED)) {
        // Rows are most of the bytes, and are read by a search alone.
        assertThat(RandomIndex.only(reader, "v").row(1)).isZero();
      }
      try (var reader = checked(directory, Checks.ALL)) {
        assertThatThrownBy(() -> RandomIndex.only(reader, "v"))
            .isInstanceOf(DamagedPartException.class)
            .hasMessageStartingWith(
                "a part's checksum failed: segment=_0, field=v, part=rows, file=_0_Kith2_0.vec,"
                    + " offset=64, length=12, expected=");
      }
      flip(directory, "_0_Kith2_0.vec", documentsAt);
      try (var reader = checked(directory, Checks.QUERIED)) {
        assertThatThrownBy(() -> RandomIndex.only(reader, "v"))
            .isInstanceOf(DamagedPartException.class)
            .hasMessageStartingWith(
                "a part's checksum failed: segment=_0, field=v, part=documents,"
                    + " file=_0_Kith2_0.vec, offset=128, length=4, expected=");
      }
      try (var reader = DirectoryReader.open(directory)) {
        assertThat(SegmentVectors.damagedParts((CodecReader) reader.leaves().getFirst().reader()))
            .hasSize(2);
      }
    }
  }

  private static DirectoryReader checked(Directory directory, Checks checks) throws IOException {
    return CheckedReader.of(DirectoryReader.open(directory), checks);
  }

  private static void flip(Directory directory, String file, long at) throws IOException {
    byte[] bytes;
    try (var in = directory.openInput(file, IOContext.READONCE)) {
      bytes = new byte[(int) in.length()];
      in.readBytes(bytes, 0, bytes.length);
    }
    bytes[(int) at] ^= 1;
    directory.deleteFile(file);
    try (var out = directory.createOutput(file, IOContext.DEFAULT)) {
      out.writeBytes(bytes, bytes.length);
    }
  }
}
