package dev.kith.core.graph;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.kith.core.metric.Metric;
import dev.kith.core.quant.WalkCodes;
import dev.kith.core.search.PartCheck;
import dev.kith.core.vector.Checksums;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The part that holds pivots and links, in memory or on disk, and its header, little-endian, which
 * also ties it to the part that holds the codes. {@code docs/formats/graph.md} explains it.
 *
 * <pre>
 * offset  size  field
 * 0       8     "KithGrph", or "KithNode" where links lie beside rows
 * 8       4     version, 1
 * 12      4     metric: 0 L2, 1 COSINE, 2 DOT
 * 16      4     n, rows
 * 20      4     d, elements a row as its user gave it
 * 24      4     r, most neighbours of a row
 * 28      4     p, pivots
 * 32      4     rows that links lead to from the pivots, the pivots among them
 * 36      1     what codes are: 4 or 8 bits an element, 16 for a copy in float16, 32 for rows in place
 * 37      3     dimensions that rows were projected to before they were coded, 0 for no projection
 * 40      8     bytes of the codes
 * 48      4     CRC32C of the codes
 * 52      4     CRC32C of this part from byte 64 on
 * 56      4     zero
 * 60      4     CRC32C of bytes 0 to 59
 * 64      4 p   pivots, u32
 *               zeros up to a multiple of 64 (of 4,096 where links lie beside rows)
 * then    4 n r links, u32[n][r]: a row's neighbours, then ffffffff
 * </pre>
 *
 * @param pivots rows that walks begin from
 * @param codes the codes that the graph was built of
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record GraphPart(
    Metric metric,
    int size,
    int dimension,
    int degree,
    int[] pivots,
    int reached,
    Codes codes,
    int bodyCrc) {
  /**
   * Codes that a graph belongs to.
   *
   * @param bits as {@link WalkCodes#bits} gives them
   * @param axes as {@link WalkCodes#axes} gives them
   * @param bytes of all codes
   * @param crc CRC32C of them
   */
  record Codes(int bits, int axes, long bytes, int crc) {
    static Codes of(WalkCodes codes) {
      return new Codes(
          codes.bits(), codes.axes(), codes.body().byteSize(), Checksums.crc32c(codes.body()));
    }
  }

  /** Bytes of the header. */
  static final int HEADER = PartCheck.HEADER;

  /** Magic of a table of links. */
  static final String TABLE = "KithGrph";

  /** Magic of nodes, each a row and its links. */
  static final String NODES = "KithNode";

  private static final int VERSION = 1;
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /** Bytes before the links. */
  static long linksAt(int pivots, int alignment) {
    return (HEADER + 4L * pivots + alignment - 1) / alignment * alignment;
  }

  /** Writes the pivots behind the header; {@link #seal} writes the header itself. */
  static void writePivots(MemorySegment part, int[] pivots) {
    MemorySegment.copy(pivots, 0, part, INT, HEADER, pivots.length);
  }

  /** Header of this part with the magic {@code magic}. */
  MemorySegment header(String magic, Arena arena) {
    var header = arena.allocate(HEADER, 64);
    MemorySegment.copy(magic.getBytes(US_ASCII), 0, header, ValueLayout.JAVA_BYTE, 0, 8);
    header.set(INT, 8, VERSION);
    header.set(INT, 12, metric.code());
    header.set(INT, 16, size);
    header.set(INT, 20, dimension);
    header.set(INT, 24, degree);
    header.set(INT, 28, pivots.length);
    header.set(INT, 32, reached);
    header.set(INT, 36, codes.bits | codes.axes << Byte.SIZE);
    header.set(LONG, 40, codes.bytes);
    header.set(INT, 48, codes.crc);
    header.set(INT, 52, bodyCrc);
    PartCheck.seal(header);
    return header;
  }

  /** Writes the header of a whole part whose links and pivots are there. */
  static GraphPart seal(
      MemorySegment part,
      VectorSource rows,
      Metric metric,
      Graph graph,
      int[] pivots,
      int reached,
      WalkCodes codes) {
    var sealed =
        new GraphPart(
            metric,
            graph.size(),
            rows.dimension(),
            graph.degree(),
            pivots,
            reached,
            Codes.of(codes),
            Checksums.crc32c(part.asSlice(HEADER)));
    MemorySegment.copy(sealed.header(TABLE, Arena.ofAuto()), 0, part, 0, HEADER);
    return sealed;
  }

  /**
   * Reads the header and the pivots.
   *
   * @param name of the part, for messages
   * @param codes the codes that the part must be of
   * @throws VectorDataException if the header is damaged, or of other rows or codes
   */
  static GraphPart read(
      String name,
      String magic,
      MemorySegment part,
      MemorySegment codes,
      VectorSource rows,
      Metric metric) {
    var check = new PartCheck(name, rows);
    check.requireHeader(part, magic, VERSION, metric);
    int size = part.get(INT, 16);
    int degree = part.get(INT, 24);
    if (degree < 1 || degree > 1 << 16) {
      throw check.damaged("must have a degree in range", 24, "1 to 65536", degree);
    }
    int count = part.get(INT, 28);
    if (count < 0 || count > size || HEADER + 4L * count > part.byteSize()) {
      throw check.damaged("must have at most a pivot a row", 28, "0 to " + size, count);
    }
    int bits = part.get(INT, 36) & 0xff;
    int axes = part.get(INT, 36) >>> Byte.SIZE;
    if (bits != 4 && bits != 8 && bits != 16 && bits != 32) {
      throw check.damaged("must have codes of a known kind", 36, "4, 8, 16 or 32 bits", bits);
    }
    int dimension = rows.dimension() + (metric == Metric.DOT ? 1 : 0);
    if (axes > dimension || (axes > 0 && bits > 8)) {
      throw check.damaged(
          "must have codes of as many dimensions as rows have, at most",
          37,
          bits > 8 ? "0 for floats" : "0 to " + dimension,
          axes);
    }
    check.require(
        "must have codes as long as the rows need",
        40,
        WalkCodes.bytes(bits, axes, metric, rows.dimension(), size),
        part.get(LONG, 40));
    check.require("must lie beside its codes", 40, part.get(LONG, 40), codes.byteSize());
    var pivots = new int[count];
    MemorySegment.copy(part, INT, HEADER, pivots, 0, count);
    for (int i = 0; i < count; i++) {
      if (pivots[i] < 0 || pivots[i] >= size) {
        throw check.damaged(
            "must have pivots that are rows",
            HEADER + 4L * i,
            "0 to " + (size - 1),
            Integer.toUnsignedString(pivots[i]));
      }
    }
    return new GraphPart(
        metric,
        size,
        rows.dimension(),
        degree,
        pivots,
        part.get(INT, 32),
        new Codes(bits, axes, part.get(LONG, 40), part.get(INT, 48)),
        part.get(INT, 52));
  }

  /** Checks that the bytes of both parts are those that were written. */
  void verifyChecksums(String name, MemorySegment part, MemorySegment beside, VectorSource rows) {
    var check = new PartCheck(name, rows);
    check.require(
        "must have its checksum",
        52,
        PartCheck.hex(bodyCrc),
        PartCheck.hex(Checksums.crc32c(part.asSlice(HEADER))));
    check.require(
        "must lie beside the codes that it was built of",
        48,
        PartCheck.hex(codes.crc),
        PartCheck.hex(Checksums.crc32c(beside)));
  }
}
