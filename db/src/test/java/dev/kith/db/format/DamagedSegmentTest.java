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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes that are not as they were written are found: when opened, or when all is checked. */
@ExtendWith(Seeded.class)
class DamagedSegmentTest {
  private static final String ADVICE = "; restore the segment's files from a copy";

  /** A segment with a shadow and documents without vectors. */
  private static Map<String, byte[]> files(SplittableRandom random) throws IOException {
    try (var directory = new ByteBuffersDirectory()) {
      var config =
          new IndexWriterConfig()
              .setCodec(KithVectorsFormat.codec(_ -> VectorField.of(2, Metric.L2)))
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

  private static void assertRefusedAtOpening(Directory directory, String where) {
    try (var reader = DirectoryReader.open(directory)) {
      throw new AssertionError("opened: " + where + ", " + reader);
    } catch (CorruptIndexException | IndexFormatTooNewException | IndexFormatTooOldException e) {
      assertThat(e).as(where).hasMessageContaining("Kith1_0");
    } catch (IOException e) {
      throw new AssertionError(where, e);
    }
  }

  private static void assertFoundByCheck(Directory directory, String where) throws IOException {
    try (var reader = DirectoryReader.open(directory)) {
      var leaf = reader.leaves().getFirst().reader();
      assertThatThrownBy(leaf::checkIntegrity)
          .as(where)
          .isInstanceOf(CorruptIndexException.class)
          .hasMessageContaining("checksum failed");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"vem", "vec", "ves"})
  void open_bitFlipped_isFoundThenOrByTheCheck(String extension, SplittableRandom random)
      throws IOException {
    var files = files(random);
    var name = name(files, extension);
    var whole = requireNonNull(files.get(name));
    int header = CodecUtil.indexHeaderLength(codecOf(extension), "Kith1_0");
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
          assertRefusedAtOpening(directory, where);
        } else {
          assertFoundByCheck(directory, where);
        }
      }
      replace(directory, name, whole);
      try (var reader = DirectoryReader.open(directory)) {
        reader.leaves().getFirst().reader().checkIntegrity();
      }
    }
  }

  private static String codecOf(String extension) {
    return requireNonNull(
        Map.of("vem", "KithVectorsMeta", "vec", "KithVectorsData", "ves", "KithVectorsShadow")
            .get(extension));
  }

  @ParameterizedTest
  @ValueSource(strings = {"vem", "vec", "ves"})
  void open_cutShortOrContinued_isRefused(String extension, SplittableRandom random)
      throws IOException {
    var files = files(random);
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

  @Test
  void open_footerOfAnotherFile_saysBothChecksums(SplittableRandom random) throws IOException {
    var files = files(random);
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

  @Test
  void open_fileMissing_isRefused(SplittableRandom random) throws IOException {
    var files = files(random);
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
  @Test
  void verifyShadow_codeChanged_namesTheRow(SplittableRandom random) throws IOException {
    var files = files(random);
    var name = name(files, "ves");
    var damaged = requireNonNull(files.get(name)).clone();
    damaged[128 + 64 + 100 * 448 + 1] ^= 1; // body at 128, centre, 100 panels
    try (var directory = directory(files)) {
      replace(directory, name, damaged);
      try (var reader = DirectoryReader.open(directory)) {
        var vectors = RandomIndex.only(reader, "v");
        assertThatThrownBy(vectors::verifyShadow)
            .isInstanceOf(VectorDataException.class)
            .hasMessage(
                "the shadow must be of these rows: source=_0_Kith1_0.vec, shadow=int8, rows from"
                    + " 1600; the rows were changed or the shadow is damaged: delete it and build"
                    + " it again");
      }
    }
  }
}
