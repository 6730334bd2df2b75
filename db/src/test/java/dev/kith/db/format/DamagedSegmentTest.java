package dev.kith.db.format;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorDataException;
import dev.kith.db.point.VectorField;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.apache.lucene.codecs.CodecUtil;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexFormatTooNewException;
import org.apache.lucene.index.IndexFormatTooOldException;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.IOContext;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes that are not as they were written are found: when opened, or when all is checked. */
@ExtendWith(Seeded.class)
class DamagedSegmentTest {
  private static final String ADVICE = "; restore the segment's files from a copy";

  /** A segment with a shadow and documents without vectors. */
  private static Map<String, byte[]> files(String format, SplittableRandom random)
      throws IOException {
    var field = VectorField.of(2, Metric.L2);
    try (var directory = new ByteBuffersDirectory()) {
      var config =
          new IndexWriterConfig()
              .setCodec(
                  format.equals("Kith1")
                      ? Kith1WritingFormat.codec(_ -> field)
                      : KithVectorsFormat.codec(_ -> field))
              .setUseCompoundFile(false);
      try (var writer = new IndexWriter(directory, config)) {
        writer.addDocument(new Document());
        for (int i = 0; i < KithVectorsFormat.SHADOW_ROWS; i++) {
          var document = new Document();
          document.add(
              new KnnFloatVectorField(
                  "v", TestVectors.gaussian(random, 2), VectorSimilarityFunction.EUCLIDEAN));
          writer.addDocument(document);
        }
      }
      var files = new HashMap<String, byte[]>();
      for (var name : directory.listAll()) {
        files.put(name, bytes(directory, name));
      }
      return files;
    }
  }

  private static byte[] bytes(Directory directory, String name) throws IOException {
    try (var in = directory.openInput(name, IOContext.READONCE)) {
      var bytes = new byte[(int) in.length()];
      in.readBytes(bytes, 0, bytes.length);
      return bytes;
    }
  }

  private static String name(Map<String, byte[]> files, String extension) {
    return files.keySet().stream().filter(n -> n.endsWith("." + extension)).findAny().orElseThrow();
  }

  private static Directory directory(Map<String, byte[]> files) throws IOException {
    var directory = new ByteBuffersDirectory();
    for (var file : files.entrySet()) {
      put(directory, file.getKey(), file.getValue());
    }
    return directory;
  }

  private static void put(Directory directory, String name, byte[] bytes) throws IOException {
    try (var out = directory.createOutput(name, IOContext.DEFAULT)) {
      out.writeBytes(bytes, bytes.length);
    }
  }

  private static void replace(Directory directory, String name, byte[] bytes) throws IOException {
    directory.deleteFile(name);
    put(directory, name, bytes);
  }

  private static void assertRefusedAtOpening(Directory directory, String format, String where) {
    try (var reader = DirectoryReader.open(directory)) {
      throw new AssertionError("opened: " + where + ", " + reader);
    } catch (CorruptIndexException | IndexFormatTooNewException | IndexFormatTooOldException e) {
      assertThat(e).as(where).hasMessageContaining(format + "_0");
    } catch (IOException e) {
      throw new AssertionError(where, e);
    }
  }

  /** The check of all finds the byte; of a format with parts it names the one that holds it. */
  private static void assertFoundByCheck(
      Directory directory, String format, String extension, int at, String where)
      throws IOException {
    try (var reader = DirectoryReader.open(directory)) {
      var leaf = (CodecReader) reader.leaves().getFirst().reader();
      var vectors = requireNonNull(VectorsReader.of(leaf.getVectorReader(), "v"));
      var entry = requireNonNull(vectors.entry("v"));
      var part =
          entry.parts().stream()
              .filter(p -> vectors.fileName(p).endsWith(extension))
              .filter(p -> at >= p.at() && at < p.end())
              .findFirst();
      var check =
          assertThatThrownBy(leaf::checkIntegrity)
              .as(where)
              .isInstanceOf(CorruptIndexException.class);
      var damaged = SegmentVectors.damagedParts(leaf);
      if (format.equals("Kith1")) {
        check.hasMessageContaining("checksum failed");
        assertThat(damaged).as(where).isEmpty();
      } else if (part.isEmpty()) {
        check.hasMessageStartingWith(
            "bytes between parts must be zero: segment=_0, file=_0_Kith2_0.%s, offset=%d%s",
            extension, at, ADVICE);
        assertThat(damaged).as(where).isEmpty();
      } else {
        var place =
            "segment=_0, field=v, part=%s, file=_0_Kith2_0.%s, offset=%d, length=%d, expected=%08x, found="
                .formatted(
                    part.get().name(),
                    extension,
                    part.get().at(),
                    part.get().length(),
                    part.get().checksum());
        check.hasMessageStartingWith("a part's checksum failed: " + place);
        assertThat(damaged).as(where).singleElement().asString().startsWith(place);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"Kith1, vem", "Kith1, vec", "Kith1, ves", "Kith2, vem", "Kith2, vec", "Kith2, ves"})
  void open_bitFlipped_isFoundThenOrByTheCheck(
      String format, String extension, SplittableRandom random) throws IOException {
    var files = files(format, random);
    var name = name(files, extension);
    var whole = requireNonNull(files.get(name));
    int header = CodecUtil.indexHeaderLength(codecOf(format, extension), format + "_0");
    int footer = whole.length - CodecUtil.footerLength();
    var positions = new ArrayList<Integer>();
    IntStream.range(0, header).forEach(positions::add);
    IntStream.range(footer, whole.length).forEach(positions::add);
    if (extension.equals("vem")) {
      IntStream.range(header, footer).forEach(positions::add);
    } else {
      for (int i = 0; i < 20 * Seeded.effort(); i++) {
        positions.add(random.nextInt(header, footer));
      }
    }
    try (var directory = directory(files)) {
      for (int at : positions) {
        var damaged = whole.clone();
        damaged[at] ^= (byte) (1 << random.nextInt(8));
        replace(directory, name, damaged);
        var where =
            "byte %d of %s, header to %d, footer from %d".formatted(at, name, header, footer);
        if (extension.equals("vem") || at < header || at >= footer) {
          assertRefusedAtOpening(directory, format, where);
        } else {
          assertFoundByCheck(directory, format, extension, at, where);
        }
      }
      replace(directory, name, whole);
      try (var reader = DirectoryReader.open(directory)) {
        reader.leaves().getFirst().reader().checkIntegrity();
      }
    }
  }

  private static String codecOf(String format, String extension) {
    if (format.equals("Kith2")) {
      return extension.equals("vem") ? "Kith2Meta" : "Kith2Parts";
    }
    return requireNonNull(
        Map.of("vem", "KithVectorsMeta", "vec", "KithVectorsData", "ves", "KithVectorsShadow")
            .get(extension));
  }

  @ParameterizedTest
  @CsvSource({"Kith1, vem", "Kith1, vec", "Kith1, ves", "Kith2, vem", "Kith2, vec", "Kith2, ves"})
  void open_cutShortOrContinued_isRefused(String format, String extension, SplittableRandom random)
      throws IOException {
    var files = files(format, random);
    var name = name(files, extension);
    var whole = requireNonNull(files.get(name));
    try (var directory = directory(files)) {
      for (int length :
          new int[] {
            0, 1, 15, 16, 40, random.nextInt(whole.length), whole.length - 1, whole.length + 1
          }) {
        replace(directory, name, Arrays.copyOf(whole, length));
        if (extension.equals("vem")) {
          // Lucene reads a metadata file as a stream, and says so in its own words.
          assertThatThrownBy(() -> DirectoryReader.open(directory).close())
              .as("%d of %d bytes", length, whole.length)
              .isInstanceOf(IOException.class);
        } else {
          assertThatThrownBy(() -> DirectoryReader.open(directory).close())
              .isInstanceOf(CorruptIndexException.class)
              .hasMessageStartingWith(
                  "a file must be as long as its metadata says: expected=%d, found=%d%s (resource=",
                  whole.length, length, ADVICE)
              .hasMessageContaining(name);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Kith1", "Kith2"})
  void open_footerOfAnotherFile_saysBothChecksums(String format, SplittableRandom random)
      throws IOException {
    var files = files(format, random);
    var name = name(files, "vec");
    var damaged = requireNonNull(files.get(name)).clone();
    damaged[damaged.length - 1] ^= 1;
    try (var directory = directory(files)) {
      replace(directory, name, damaged);
      assertThatThrownBy(() -> DirectoryReader.open(directory).close())
          .isInstanceOf(CorruptIndexException.class)
          .hasMessageMatching(
              "the footer must have the checksum that the metadata has: expected=[0-9a-f]{8},"
                  + " found=[0-9a-f]{8}"
                  + ADVICE
                  + " \\(resource=.*");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Kith1", "Kith2"})
  void open_fileMissing_isRefused(String format, SplittableRandom random) throws IOException {
    var files = files(format, random);
    for (var extension : List.of("vem", "vec", "ves")) {
      try (var directory = directory(files)) {
        directory.deleteFile(name(files, extension));
        assertThatThrownBy(() -> DirectoryReader.open(directory).close())
            .isInstanceOf(IOException.class)
            .hasMessageContaining(name(files, extension));
      }
    }
  }

  /** Checksums say that bytes are as written; this says that they were written of these rows. */
  @ParameterizedTest
  @ValueSource(strings = {"Kith1", "Kith2"})
  void verifyBuilt_codeChanged_namesTheRow(String format, SplittableRandom random)
      throws IOException {
    var files = files(format, random);
    var name = name(files, "ves");
    var damaged = requireNonNull(files.get(name)).clone();
    damaged[128 + 64 + 100 * 448 + 1] ^= 1; // body at 128, centre, 100 panels
    try (var directory = directory(files)) {
      replace(directory, name, damaged);
      try (var reader = DirectoryReader.open(directory)) {
        var vectors = RandomIndex.only(reader, "v");
        assertThatThrownBy(vectors::verifyBuilt)
            .isInstanceOf(VectorDataException.class)
            .hasMessage(
                "the shadow must be of these rows: source=_0_%s_0.vec, shadow=int8, rows from"
                    + " 1600; the rows were changed or the shadow is damaged: delete it and build"
                    + " it again",
                format);
      }
    }
  }
}
