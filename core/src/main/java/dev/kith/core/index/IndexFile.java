package dev.kith.core.index;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kith.core.exact.FlatData;
import dev.kith.core.graph.DiskGraphData;
import dev.kith.core.graph.GraphData;
import dev.kith.core.ivf.ListData;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.IndexData;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.spec.ListSpec;
import dev.kith.core.vector.ByteSink;
import dev.kith.core.vector.Checksums;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.MappedFile;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.vector.WholeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The parts of an index in one file, little-endian, without the rows unless the index owns them.
 * {@code docs/formats/index.md} explains it.
 *
 * <pre>
 * offset  size  field
 * 0       8     "KithIndx"
 * 8       4     version, 1
 * 12      4     metric: 0 L2, 1 COSINE, 2 DOT
 * 16      8     n, rows
 * 24      4     d, elements a row
 * 28      4     p, parts
 * 32      8     identity of the rows, as in shadow.md
 * 40      4     s, bytes of the spec's text
 * 44      4     h, bytes of this header with the table, a multiple of 64
 * 48      8     bytes of the file
 * 56      4     zero
 * 60      4     CRC32C of bytes 0 to 59 and 64 to h - 1
 * 64      48 p  the table, a line a part:
 *               24  name, ASCII, filled up with zeros
 *               8   offset in the file, a multiple of 64
 *               8   bytes
 *               4   CRC32C
 *               4   zero
 * then    s     the spec, UTF-8, then zeros up to h
 * h             the parts in the order of the table, each behind zeros up to its offset; the file
 *               ends with the last
 * </pre>
 *
 * @param offsets where parts begin, in the order of {@code parts}
 * @param checksums of the parts, in that order
 */
record IndexFile(
    MappedFile file,
    long headerBytes,
    IndexData data,
    SequencedMap<String, MemorySegment> parts,
    List<Long> offsets,
    List<Integer> checksums) {
  private static final String MAGIC = "KithIndx";
  private static final int VERSION = 1;
  private static final int FIXED = 64;
  private static final int CHECKED = 60;
  private static final int LINE = 48;
  private static final int NAME = 24;
  private static final int ALIGNMENT = 64;
  private static final String ADVICE = "restore the file, or build the index again";

  /** Bytes of a header, at most: a spec is a line of text, and parts are few. */
  private static final int MOST_HEADER = 1 << 20;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /** Name of the part that holds the rows, where the index owns them. */
  static final String ROWS = "rows";

  /** Name of the part that holds the numbers of rows that came and went. */
  static final String NUMBERS = "numbers";

  /** Rows that are written together. */
  private static final int BLOCK = 256;

  /** What writes the bytes of a part. */
  interface Content {
    /** Writes all bytes, in order. */
    void write(ByteSink sink) throws IOException;
  }

  /**
   * A part to write.
   *
   * @param bytes that {@code content} writes
   * @param alignment of its offset, a multiple of 64
   */
  record Part(String name, long bytes, int alignment, Content content) {
    /** A part that lies in memory. */
    static Part of(String name, MemorySegment body) {
      return new Part(name, body.byteSize(), ALIGNMENT, sink -> sink.append(body));
    }
  }

  /** Writes the parts of an index; the target is replaced as a whole. */
  static void write(Path target, IndexData data) throws IOException {
    var parts = new ArrayList<Part>();
    data.parts().forEach((name, body) -> parts.add(Part.of(name, body)));
    write(target, data, parts);
  }

  /** Writes an index with its rows, and their numbers; the target is replaced as a whole. */
  static void writeLive(Path target, IndexData data, MemorySegment numbers) throws IOException {
    var rows = data.rows();
    var parts = new ArrayList<Part>();
    data.parts().forEach((name, body) -> parts.add(Part.of(name, body)));
    parts.add(Part.of(NUMBERS, numbers));
    parts.add(
        new Part(
            ROWS,
            4L * rows.dimension() * rows.size(),
            ALIGNMENT,
            sink -> {
              for (var block : rows.blocks(BLOCK)) {
                sink.append(block.data().asSlice(0, 4L * rows.dimension() * block.rows()));
              }
            }));
    write(target, data, parts);
  }

  /** Writes a graph so that walks read it from the file; see {@link VectorIndex#saveForDisk}. */
  static void writeForDisk(Path target, IndexData data) throws IOException {
    if (!(data instanceof GraphData graph)) {
      throw new IllegalArgumentException(
          "walks from disk need a graph that was built or opened in memory, not %s: save it as it is"
              .formatted(data.spec()));
    }
    var nodes =
        new Part(
            DiskGraphData.NODES,
            DiskGraphData.bytes(graph),
            DiskGraphData.alignment(),
            sink -> DiskGraphData.write(graph, sink));
    var codes = part(graph, GraphData.CODES);
    write(target, data, List.of(codes, nodes, part(graph, GraphData.CURVE)));
  }

  private static Part part(GraphData graph, String name) {
    var body = graph.parts().get(name);
    if (body == null) {
      throw new IllegalStateException("a graph has a part " + name);
    }
    return Part.of(name, body);
  }

  /** Writes {@code parts} as those of an index; the target is replaced as a whole. */
  static void write(Path target, IndexData data, List<Part> parts) throws IOException {
    var header = new Header(data, parts);
    try (var file = new WholeFile(target)) {
      file.append(MemorySegment.ofArray(new byte[header.bytes]));
      long at = header.bytes;
      for (var part : parts) {
        long start = roundUp(at, part.alignment);
        file.append(MemorySegment.ofArray(new byte[(int) (start - at)]));
        header.add(part, start, copy(part, file));
        at = start + part.bytes;
      }
      file.overwriteStart(header.whole(at));
      file.commit();
    }
  }

  /** Writes the parts of an index, as a file has them, to what cannot be overwritten. */
  static void write(IndexData data, ByteSink sink) throws IOException {
    var parts = new ArrayList<Part>();
    data.parts().forEach((name, body) -> parts.add(Part.of(name, body)));
    var header = new Header(data, parts);
    long at = header.bytes;
    for (var part : parts) {
      long start = roundUp(at, part.alignment);
      header.add(part, start, copy(part, _ -> {}));
      at = start + part.bytes;
    }
    sink.append(MemorySegment.ofArray(header.whole(at).array()));
    at = header.bytes;
    for (var part : parts) {
      long start = roundUp(at, part.alignment);
      sink.append(MemorySegment.ofArray(new byte[(int) (start - at)]));
      part.content.write(sink);
      at = start + part.bytes;
    }
  }

  /** Writes a part; returns its checksum. */
  private static int copy(Part part, ByteSink sink) throws IOException {
    var crc = new CRC32C();
    var count = new long[1];
    part.content.write(
        piece -> {
          Checksums.update(crc, piece);
          count[0] += piece.byteSize();
          sink.append(piece);
        });
    if (count[0] != part.bytes) {
      throw new IllegalStateException(
          "part %s has %d bytes, not %d".formatted(part.name, count[0], part.bytes));
    }
    return (int) crc.getValue();
  }

  /** A header while its parts become known. */
  private static final class Header {
    final int bytes;
    private final IndexData data;
    private final int parts;
    private final byte[] spec;
    private final ByteBuffer header;

    Header(IndexData data, List<Part> parts) {
      this.data = data;
      this.parts = parts.size();
      this.spec = data.spec().toString().getBytes(UTF_8);
      this.bytes = (int) roundUp(FIXED + (long) LINE * parts.size() + spec.length, ALIGNMENT);
      this.header = ByteBuffer.allocate(bytes).order(LITTLE_ENDIAN).position(FIXED);
    }

    void add(Part part, long start, int crc) {
      var name = part.name.getBytes(US_ASCII);
      if (name.length > NAME) {
        throw new IllegalStateException("a part's name has at most 24 letters: " + part.name);
      }
      header.put(name).position(header.position() + NAME - name.length);
      header.putLong(start).putLong(part.bytes).putInt(crc).putInt(0);
    }

    /** All of it, once every part was added and the file's length is known. */
    ByteBuffer whole(long length) {
      var rows = data.rows();
      header.put(spec).position(0);
      header.put(MAGIC.getBytes(US_ASCII)).putInt(VERSION).putInt(data.metric().code());
      header.putLong(rows.size()).putInt(rows.dimension()).putInt(parts);
      header.putLong(Checksums.identity(rows)).putInt(spec.length).putInt(bytes).putLong(length);
      header.putInt(0).putInt(headerCrc(MemorySegment.ofArray(header.array())));
      return header.position(0);
    }
  }

  private static long roundUp(long value, long multiple) {
    return (value + multiple - 1) / multiple * multiple;
  }

  private static int headerCrc(MemorySegment header) {
    var crc = new CRC32C();
    Checksums.update(crc, header.asSlice(0, CHECKED));
    Checksums.update(crc, header.asSlice(FIXED));
    return (int) crc.getValue();
  }

  /**
   * Maps a file that {@link #write} wrote, and opens its parts. Of the parts only what opening them
   * takes is read, and of the rows a sample.
   *
   * @param rows that the index was built over, or null if the file holds them
   * @param reading options to open the file with, where walks read it
   * @throws VectorDataException if the header is damaged, or the file is of other rows
   */
  static IndexFile open(Path path, @Nullable VectorSource rows, List<OpenOption> reading)
      throws IOException {
    return open(MappedFile.map(path, Arena.ofAuto()), rows, reading);
  }

  /** The same of bytes that lie in memory; {@code file} has their name for messages. */
  static IndexFile open(MappedFile file, @Nullable VectorSource rows, List<OpenOption> reading) {
    var all = file.bytes();
    long length = all.byteSize();
    if (length < FIXED || !text(all, 0, 8).equals(MAGIC)) {
      throw file.damaged(
          "an index file starts with its magic",
          0,
          MAGIC,
          length < FIXED ? length + " bytes" : "other bytes",
          "is it another file?");
    }
    int bytes = all.get(INT, 44);
    if (bytes < FIXED || bytes > Math.min(length, MOST_HEADER) || bytes % ALIGNMENT != 0) {
      throw file.damaged(
          "the header must lie in the file",
          44,
          "a multiple of 64 up to " + Math.min(length, MOST_HEADER),
          bytes,
          ADVICE);
    }
    int crc = headerCrc(all.asSlice(0, bytes));
    var require = new Require(file);
    require.equal(
        "the header must have its checksum", CHECKED, hex(crc), hex(all.get(INT, CHECKED)));
    require.equal("the version must be known", 8, VERSION, all.get(INT, 8));
    require.equal("the file must be as long as its header says", 48, all.get(LONG, 48), length);
    return read(file, bytes, rows, reading);
  }

  /** Reads what stands in a header whose checksum is right. */
  private static IndexFile read(
      MappedFile file, int bytes, @Nullable VectorSource given, List<OpenOption> reading) {
    var all = file.bytes();
    int count = all.get(INT, 28);
    int specBytes = all.get(INT, 40);
    if (count < 0 || specBytes < 0 || FIXED + (long) LINE * count + specBytes > bytes) {
      throw file.damaged(
          "table and spec must lie in the header", 28, bytes + " bytes", count, ADVICE);
    }
    var parts = new LinkedHashMap<String, MemorySegment>();
    var offsets = new ArrayList<Long>();
    var checksums = new ArrayList<Integer>();
    long end = bytes;
    for (int i = 0; i < count; i++) {
      long line = FIXED + (long) LINE * i;
      long at = all.get(LONG, line + NAME);
      long size = all.get(LONG, line + NAME + 8);
      if (at < end || at % ALIGNMENT != 0 || size < 0 || size > all.byteSize() - at) {
        throw file.damaged(
            "parts must lie in the file, one behind the other", line + NAME, end, at, ADVICE);
      }
      parts.put(text(all, line, NAME).replace("\0", ""), all.asSlice(at, size));
      offsets.add(at);
      checksums.add(all.get(INT, line + NAME + 16));
      end = at + size;
    }
    if (parts.size() != count || end != all.byteSize()) {
      throw file.damaged("the file must end with its last part", 28, all.byteSize(), end, ADVICE);
    }
    var rows = given == null ? rows(file, parts, offsets) : given;
    var require = new Require(file);
    require.equal("the index must be of as many rows", 16, rows.size(), all.get(LONG, 16));
    require.equal(
        "the index must have the rows' dimension", 24, rows.dimension(), all.get(INT, 24));
    require.equal(
        "the index must be of these rows (" + rows.name() + ")",
        32,
        "%016x".formatted(Checksums.identity(rows)),
        "%016x".formatted(all.get(LONG, 32)));
    long specAt = FIXED + (long) LINE * count;
    var text = new String(all.asSlice(specAt, specBytes).toArray(ValueLayout.JAVA_BYTE), UTF_8);
    try {
      var spec = IndexSpec.parse(text);
      var nodes = new ArrayList<>(parts.keySet()).indexOf(DiskGraphData.NODES);
      var data =
          spec instanceof GraphSpec graph && nodes >= 0
              ? DiskGraphData.open(
                  rows, metric(file), graph, parts, file.path(), offsets.get(nodes), reading)
              : data(spec, metric(file), rows, parts);
      return new IndexFile(file, bytes, data, parts, offsets, checksums);
    } catch (VectorDataException e) {
      throw new VectorDataException(
          "%s; in file=%s, whose parts begin at %s".formatted(e.getMessage(), file.path(), offsets),
          e);
    } catch (IllegalArgumentException e) {
      throw file.damaged(
          "the spec must be of a known kind", specAt, "such as flat", text, "use a newer Kith");
    }
  }

  /** Rows that lie in the file. */
  private static VectorSource rows(
      MappedFile file, SequencedMap<String, MemorySegment> parts, List<Long> offsets) {
    var part = parts.get(ROWS);
    if (part == null) {
      throw file.damaged(
          "an index that is opened without rows must hold them",
          28,
          "a part " + ROWS,
          parts.keySet(),
          "open it with the rows that it was built over");
    }
    long size = file.bytes().get(LONG, 16);
    int dimension = file.bytes().get(INT, 24);
    long at = offsets.get(List.copyOf(parts.keySet()).indexOf(ROWS));
    if (size < 0
        || dimension < 1
        || dimension > VectorSource.MAX_DIMENSION
        || size > Long.MAX_VALUE / (4L * dimension)
        || part.byteSize() != 4L * dimension * size) {
      throw file.damaged(
          "the rows must be %d of %d elements".formatted(size, dimension),
          at,
          "4 bytes an element",
          part.byteSize() + " bytes",
          ADVICE);
    }
    return VectorSource.over(
        file.path().toString(), part, at, 4L * dimension, size, dimension, ElementType.FLOAT32);
  }

  private static Metric metric(MappedFile file) {
    int code = file.bytes().get(INT, 12);
    for (var metric : Metric.values()) {
      if (metric.code() == code) {
        return metric;
      }
    }
    throw file.damaged("the metric must be known", 12, "0 to 2", code, ADVICE);
  }

  private static IndexData data(
      IndexSpec spec, Metric metric, VectorSource rows, SequencedMap<String, MemorySegment> parts) {
    return switch (spec) {
      case IndexSpec.Flat flat -> FlatData.open(rows, metric, flat, parts);
      case GraphSpec graph -> GraphData.open(rows, metric, graph, parts);
      case ListSpec lists -> ListData.open(rows, metric, lists, parts);
      default -> throw new IllegalArgumentException("no index of this kind is stored: " + spec);
    };
  }

  /**
   * Checks, by reading everything, that every byte is as it was written and that the parts are of
   * the rows.
   *
   * @throws VectorDataException naming the file and the offset of what is damaged
   */
  void verify() {
    verifyChecksums();
    data.verify();
  }

  /** Checks, by reading everything, that every byte is as it was written. */
  void verifyChecksums() {
    var require = new Require(file);
    long end = headerBytes;
    int i = 0;
    for (var part : parts.entrySet()) {
      long at = offsets.get(i);
      for (long gap = end; gap < at; gap++) {
        require.equal(
            "zeros lie between parts", gap, (byte) 0, file.bytes().get(ValueLayout.JAVA_BYTE, gap));
      }
      require.equal(
          "the part %s must have its checksum".formatted(part.getKey()),
          at,
          hex(checksums.get(i)),
          hex(Checksums.crc32c(part.getValue())));
      end = at + part.getValue().byteSize();
      i++;
    }
  }

  private record Require(MappedFile file) {
    void equal(String rule, long offset, Object expected, Object found) {
      if (!expected.equals(found)) {
        throw file.damaged(rule, offset, expected, found, ADVICE);
      }
    }
  }

  private static String hex(int crc) {
    return "%08x".formatted(crc);
  }

  private static String text(MemorySegment bytes, long at, int length) {
    return new String(bytes.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE), US_ASCII);
  }
}
