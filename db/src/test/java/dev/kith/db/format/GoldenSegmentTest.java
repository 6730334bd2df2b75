package dev.kith.db.format;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipInputStream;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.FieldInfos;
import org.apache.lucene.index.SegmentInfo;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.index.VectorEncoding;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.util.InfoStream;
import org.apache.lucene.util.Version;
import org.junit.jupiter.api.Test;

/**
 * A segment with every part that there is, kept as it was written once: the same rows give the same
 * bytes for ever. Other bytes are another format, or another part.
 */
class GoldenSegmentTest {
  private static final String GOLDEN = "/dev/kith/db/golden/kith2-segment.zip";
  private static final String SUFFIX = "Kith2_0";

  /** Rows of the dense field: enough for a shadow, and a last panel that is not full. */
  private static final int ROWS = KithVectorsFormat.SHADOW_ROWS + 4;

  private static final FieldInfos FIELDS =
      new FieldInfos(new FieldInfo[] {field("dense", 0, 3), field("sparse", 1, 2)});

  private static FieldInfo field(String name, int number, int dimension) {
    return Fields.info(
        name, number, dimension, VectorEncoding.FLOAT32, VectorSimilarityFunction.EUCLIDEAN);
  }

  private static float[] dense(int row) {
    return new float[] {
      (row * 37 % 64 - 31) / 8f, (row * 11 % 32 - 15) / 4f, row % 16 + row / 1024
    };
  }

  /** In every tenth document of the first fifty. */
  private static float[] sparse(int row) {
    return new float[] {row, 0.5f - row};
  }

  private static SegmentInfo segment(Directory directory) {
    var id = new byte[16];
    Arrays.fill(id, (byte) 0x5a);
    return new SegmentInfo(
        directory,
        Version.LATEST,
        Version.LATEST,
        "_1",
        ROWS,
        false,
        false,
        Codec.getDefault(),
        Map.of(),
        id,
        Map.of(),
        null);
  }

  /** Writes the segment. */
  static void write(Directory directory) throws IOException {
    var kind = VectorField.of(1, Metric.L2).withIndex("flat(shadow=int8)");
    var state =
        new SegmentWriteState(
            InfoStream.NO_OUTPUT,
            directory,
            segment(directory),
            FIELDS,
            null,
            IOContext.DEFAULT,
            SUFFIX);
    try (var writer =
        new KithVectorsFormat(kind.type(), kind.metric(), kind.index()).fieldsWriter(state)) {
      var dense = (FieldBuffer) writer.addField(requireNonNull(FIELDS.fieldInfo("dense")));
      var sparse = (FieldBuffer) writer.addField(requireNonNull(FIELDS.fieldInfo("sparse")));
      for (int row = 0; row < ROWS; row++) {
        dense.addValue(row, dense(row));
      }
      for (int row = 0; row < 5; row++) {
        sparse.addValue(10 * row, sparse(row));
      }
      writer.flush(ROWS, null);
      writer.finish();
    }
  }

  private static Map<String, byte[]> golden() throws IOException {
    var files = new TreeMap<String, byte[]>();
    try (var zip =
        new ZipInputStream(requireNonNull(GoldenSegmentTest.class.getResourceAsStream(GOLDEN)))) {
      for (var entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        files.put(entry.getName(), zip.readAllBytes());
      }
    }
    return files;
  }

  @Test
  void write_theGoldenRows_givesTheGoldenBytes() throws IOException {
    var golden = golden();
    assertThat(golden.keySet())
        .containsExactly("_1_Kith2_0.vec", "_1_Kith2_0.vem", "_1_Kith2_0.ves");
    try (var directory = new ByteBuffersDirectory()) {
      write(directory);
      assertThat(directory.listAll()).containsExactlyInAnyOrderElementsOf(golden.keySet());
      for (var file : golden.entrySet()) {
        try (var in = directory.openInput(file.getKey(), IOContext.READONCE)) {
          var bytes = new byte[(int) in.length()];
          in.readBytes(bytes, 0, bytes.length);
          assertThat(bytes).as(file.getKey()).isEqualTo(file.getValue());
        }
      }
    }
  }

  @Test
  void read_theGoldenBytes_givesTheGoldenRows() throws IOException {
    try (var directory = new ByteBuffersDirectory()) {
      for (var file : golden().entrySet()) {
        try (var out = directory.createOutput(file.getKey(), IOContext.DEFAULT)) {
          out.writeBytes(file.getValue(), file.getValue().length);
        }
      }
      var state =
          new SegmentReadState(directory, segment(directory), FIELDS, IOContext.DEFAULT, SUFFIX);
      try (var reader = (VectorsReader) new KithVectorsFormat().fieldsReader(state)) {
        reader.checkIntegrity();
        var dense = requireNonNull(reader.vectors("dense"));
        assertThat(dense.size()).isEqualTo(ROWS);
        for (int row = 0; row < ROWS; row++) {
          assertThat(dense.rows().row(row)).isEqualTo(dense(row));
        }
        dense.verifyBuilt();
        assertThat(dense.storedParts())
            .containsExactly(
                new SegmentVectors.StoredPart("rows", true, "_1_Kith2_0.vec", 12L * ROWS),
                new SegmentVectors.StoredPart(
                    "shadow", false, "_1_Kith2_0.ves", 64 + 448L * ((ROWS + 15) / 16)));
        var sparse = requireNonNull(reader.vectors("sparse"));
        assertThat(sparse.storedParts())
            .containsExactly(
                new SegmentVectors.StoredPart("rows", true, "_1_Kith2_0.vec", 40),
                new SegmentVectors.StoredPart("documents", true, "_1_Kith2_0.vec", 20));
        for (int row = 0; row < 5; row++) {
          assertThat(sparse.rows().row(row)).isEqualTo(sparse(row));
          assertThat(sparse.document(row)).isEqualTo(10 * row);
        }
      }
    }
  }
}
