package dev.kith.core.quant;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.Checksums;
import dev.kith.core.vector.MappedFile;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.vector.WholeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * A shadow in a file, little-endian.
 *
 * <pre>
 * offset  size  field
 * 0       8     "KITHSHAD"
 * 8       4     version, 1
 * 12      4     quantizer, ASCII: "int8", "fp16", "bf16"
 * 16      4     metric: 0 L2, 1 COSINE, 2 DOT
 * 20      4     dimension
 * 24      8     rows
 * 32      8     b, bytes of the body
 * 40      8     identity of the rows: the start of a SHA-256 of a sample of them
 * 48      4     CRC32C of the body
 * 52      8     zero
 * 60      4     CRC32C of bytes 0 to 59
 * 64      b     body, to the end of the file
 * </pre>
 */
final class ShadowFile {
  private static final String MAGIC = "KITHSHAD";
  private static final int VERSION = 1;
  private static final int HEADER = 64;
  private static final int CHECKED = 60;
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private ShadowFile() {}

  /**
   * Contents of a file.
   *
   * @param path path of the file
   * @param checksum checksum of the body, as the header gives it
   */
  record Body(Path path, MemorySegment bytes, int checksum) {
    /** Checks the body against its checksum. */
    void verify() {
      int found = Checksums.crc32c(bytes);
      if (found != checksum) {
        throw new MappedFile(path, Arena.global(), bytes)
            .damaged(
                "the shadow must have its checksum",
                HEADER,
                "%08x".formatted(checksum),
                "%08x".formatted(found),
                "delete it and build it again");
      }
    }
  }

  static void write(Path target, Shadow shadow) throws IOException {
    var rows = shadow.rows();
    var header = ByteBuffer.allocate(HEADER).order(LITTLE_ENDIAN);
    header.put(MAGIC.getBytes(US_ASCII)).putInt(VERSION);
    header.put(shadow.quantizer().name().getBytes(US_ASCII));
    header.putInt(shadow.metric().code()).putInt(rows.dimension()).putLong(rows.size());
    header
        .putLong(shadow.body().byteSize())
        .putLong(Checksums.identity(rows))
        .putInt(Checksums.crc32c(shadow.body()));
    header.putInt(
        CHECKED, Checksums.crc32c(MemorySegment.ofArray(header.array()).asSlice(0, CHECKED)));
    header.position(HEADER);
    try (var file = new WholeFile(target)) {
      file.append(header);
      file.append(shadow.body());
      file.commit();
    }
  }

  static Body map(Path path, Quantizer quantizer, VectorSource rows, Metric metric, long bytes)
      throws IOException {
    var file = MappedFile.map(path, Arena.ofAuto());
    var all = file.bytes();
    if (all.byteSize() < HEADER || !text(all, 0, 8).equals(MAGIC)) {
      throw file.damaged(
          "a shadow starts with its magic",
          0,
          MAGIC,
          all.byteSize() < HEADER ? all.byteSize() + " bytes" : "another file",
          "delete it and build it again");
    }
    int crc = Checksums.crc32c(all.asSlice(0, CHECKED));
    if (all.get(INT, CHECKED) != crc) {
      throw file.damaged(
          "the header must have its checksum",
          CHECKED,
          "%08x".formatted(crc),
          "%08x".formatted(all.get(INT, CHECKED)),
          "delete it and build it again");
    }
    require(file, "the version must be known", 8, VERSION, all.get(INT, 8));
    require(file, "the shadow must be of this kind", 12, quantizer.name(), text(all, 12, 4));
    require(file, "the shadow must be for this metric", 16, metric.code(), all.get(INT, 16));
    require(
        file, "the shadow must have the rows' dimension", 20, rows.dimension(), all.get(INT, 20));
    require(file, "the shadow must have as many rows", 24, rows.size(), all.get(LONG, 24));
    require(file, "the body must be as long as its rows need", 32, bytes, all.get(LONG, 32));
    require(file, "the file must end with its body", 32, HEADER + bytes, all.byteSize());
    require(
        file,
        "the shadow must be of these rows (" + rows.name() + ")",
        40,
        "%016x".formatted(Checksums.identity(rows)),
        "%016x".formatted(all.get(LONG, 40)));
    return new Body(path, all.asSlice(HEADER), all.get(INT, 48));
  }

  private static void require(
      MappedFile file, String rule, long offset, Object expected, Object found) {
    if (!expected.equals(found)) {
      throw file.damaged(rule, offset, expected, found, "delete it and build it again");
    }
  }

  private static String text(MemorySegment bytes, long at, int length) {
    return new String(bytes.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE), US_ASCII);
  }
}
