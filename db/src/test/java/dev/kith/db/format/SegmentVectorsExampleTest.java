package dev.kith.db.format;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.codecs.KnnVectorsFormat;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples of docs/formats/segment-vectors*.md are written, and read, byte for byte. */
class SegmentVectorsExampleTest {
  private static final FieldInfo FIELD =
      Fields.info("v", 0, 2, VectorEncoding.FLOAT32, VectorSimilarityFunction.EUCLIDEAN);
  private static final FieldInfos FIELDS = new FieldInfos(new FieldInfo[] {FIELD});

  private static SegmentInfo segment(Directory directory) {
    var id = new byte[16];
    for (int i = 0; i < id.length; i++) {
      id[i] = (byte) i;
    }
    return new SegmentInfo(
        directory,
        Version.LATEST,
        Version.LATEST,
        "_0",
        3,
        false,
        false,
        Codec.getDefault(),
        Map.of(),
        id,
        Map.of(),
        null);
  }

  /** The indented lines under a heading that names the file. */
  private static byte[] example(String file) throws IOException {
    var older = file.contains("Kith1") ? "-kith1" : "";
    var docs = Path.of("docs/formats/segment-vectors%s.md".formatted(older));
    var text = Files.readString(Files.exists(docs) ? docs : Path.of("..").resolve(docs));
    int from = text.indexOf("`" + file + "`, whole:");
    assertThat(from).as("the example of %s", file).isPositive();
    int start = text.indexOf("```", from) + 4;
    var hex = new StringBuilder();
    for (var line : text.substring(start, text.indexOf("```", start)).split("\n", -1)) {
      hex.append(line.replaceFirst(" {2,}[^ ].*", "").replace(" ", ""));
    }
    return HexFormat.of().parseHex(hex);
  }

  private static byte[] bytes(Directory directory, String file) throws IOException {
    try (var in = directory.openInput(file, IOContext.READONCE)) {
      var bytes = new byte[(int) in.length()];
      in.readBytes(bytes, 0, bytes.length);
      return bytes;
    }
  }

  private static KnnVectorsFormat writing(String format, VectorField field) {
    return format.equals("Kith1")
        ? Kith1WritingFormat.of(field)
        : new KithVectorsFormat(field.type(), field.metric(), field.index());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Kith1", "Kith2"})
  void write_theExample_isThoseBytes(String format) throws IOException {
    var field =
        VectorField.of(2, Metric.L2).withIndex("flat(shadow=int8)").withType(ElementType.FLOAT16);
    var suffix = format + "_0";
    try (var directory = new ByteBuffersDirectory()) {
      var segment = segment(directory);
      var state =
          new SegmentWriteState(
              InfoStream.NO_OUTPUT, directory, segment, FIELDS, null, IOContext.DEFAULT, suffix);
      try (var writer = writing(format, field).fieldsWriter(state)) {
        var buffer = (FieldBuffer) writer.addField(FIELD);
        buffer.addValue(0, new float[] {1, -2});
        buffer.addValue(2, new float[] {0.5f, 3});
        writer.flush(3, null);
        writer.finish();
      }
      assertThat(directory.listAll())
          .containsExactlyInAnyOrder("_0_%s.vec".formatted(suffix), "_0_%s.vem".formatted(suffix));
      for (var file : directory.listAll()) {
        assertThat(HexFormat.ofDelimiter(" ").formatHex(bytes(directory, file)))
            .as(file)
            .isEqualTo(HexFormat.ofDelimiter(" ").formatHex(example(file)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Kith1", "Kith2"})
  void read_theExample_isThoseRows(String format) throws IOException {
    var suffix = format + "_0";
    try (var directory = new ByteBuffersDirectory()) {
      for (var extension : new String[] {"vec", "vem"}) {
        var file = "_0_%s.%s".formatted(suffix, extension);
        try (var out = directory.createOutput(file, IOContext.DEFAULT)) {
          var bytes = example(file);
          out.writeBytes(bytes, bytes.length);
        }
      }
      var state =
          new SegmentReadState(directory, segment(directory), FIELDS, IOContext.DEFAULT, suffix);
      try (var reader = (VectorsReader) KnnVectorsFormat.forName(format).fieldsReader(state)) {
        reader.checkIntegrity();
        var vectors = requireNonNull(reader.vectors("v"));
        assertThat(vectors.rows().row(0)).containsExactly(1, -2);
        assertThat(vectors.rows().row(1)).containsExactly(0.5f, 3);
        assertThat(vectors.document(1)).isEqualTo(2);
        assertThat(vectors.field().index()).hasToString("flat(shadow=int8)");
        assertThat(reader.damage("v")).isEmpty();
      }
    }
  }
}
