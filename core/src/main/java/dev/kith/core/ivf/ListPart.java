package dev.kith.core.ivf;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.PartCheck;
import dev.kith.core.spec.ListSpec;
import dev.kith.core.vector.Checksums;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The part that says which rows are in which list, and its header, little-endian, which also ties
 * it to the part that holds the codes. {@code docs/formats/lists.md} explains it.
 *
 * <pre>
 * offset  size       field
 * 0       8          "KithList"
 * 8       4          version, 1
 * 12      4          metric: 0 L2, 1 COSINE, 2 DOT
 * 16      4          n, rows
 * 20      4          d, elements a row
 * 24      4          l, lists
 * 28      4          kind of the codes: 1 int8 panels, 2 rotated, 3 product
 * 32      8          bytes of the codes
 * 40      4          CRC32C of the codes
 * 44      4          CRC32C of this part from byte 64 on
 * 48      4          bits of the codes, an element or a part; 0 for int8 panels
 * 52      4          parts of product codes, else 0
 * 56      4          zero
 * 60      4          CRC32C of bytes 0 to 59
 * 64      4 d        origin, float32; zeros but for L2
 *                    zeros up to a multiple of 64
 * then    4 l d      centres, float32
 * then    4 l        radii, float32
 * then    4 (l + 1)  place of each list's first row, u32, then n
 * then    4 n        rows by place, u32
 * </pre>
 */
record ListPart(
    MemorySegment part,
    Metric metric,
    int rows,
    int dimension,
    int lists,
    int kind,
    long codeBytes,
    int codeCrc,
    int bodyCrc) {
  /** Bytes of the header. */
  static final int HEADER = PartCheck.HEADER;

  private static final String MAGIC = "KithList";
  private static final String NAME = ListData.LISTS;
  private static final int VERSION = 1;
  private static final int LINE = 64;
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private static long centresAt(int d) {
    return HEADER + (4L * d + LINE - 1) / LINE * LINE;
  }

  private static long radiiAt(int d, int lists) {
    return centresAt(d) + 4L * lists * d;
  }

  private static long firstsAt(int d, int lists) {
    return radiiAt(d, lists) + 4L * lists;
  }

  private static long rowsAt(int d, int lists) {
    return firstsAt(d, lists) + 4L * (lists + 1);
  }

  private static long bytes(int d, int lists, int rows) {
    return rowsAt(d, lists) + 4L * rows;
  }

  /** Allocates a part without a header, and writes where lists begin. */
  static MemorySegment allocate(int d, int rows, float[] origin, int[] firsts, Arena arena) {
    int lists = firsts.length - 1;
    var part = arena.allocate(bytes(d, lists, rows), LINE);
    MemorySegment.copy(origin, 0, part, FLOAT, HEADER, d);
    MemorySegment.copy(firsts, 0, part, INT, firstsAt(d, lists), firsts.length);
    return part;
  }

  /** Writes the row at a place of a part that has no header yet. */
  static void putRow(MemorySegment part, int d, int lists, int place, int row) {
    part.set(INT, rowsAt(d, lists) + 4L * place, row);
  }

  /** Writes centre and radius of a list of a part that has no header yet. */
  static void putList(MemorySegment part, int lists, int list, float[] centre, float radius) {
    int d = centre.length;
    MemorySegment.copy(centre, 0, part, FLOAT, centresAt(d) + 4L * list * d, d);
    part.set(FLOAT, radiiAt(d, lists) + 4L * list, radius);
  }

  /** Order of a part whose rows are written. */
  static ListOrder order(MemorySegment part, int d, int lists, int rows) {
    var firsts = new int[lists + 1];
    MemorySegment.copy(part, INT, firstsAt(d, lists), firsts, 0, firsts.length);
    return new ListOrder(firsts, part.asSlice(rowsAt(d, lists), 4L * rows));
  }

  /** Writes the header of a part of which all else is there. */
  static ListPart seal(
      MemorySegment part,
      Metric metric,
      int rows,
      int d,
      int lists,
      ListCodes codes,
      ListSpec.Codes kind) {
    part.asSlice(0, HEADER).fill((byte) 0);
    MemorySegment.copy(MAGIC.getBytes(US_ASCII), 0, part, ValueLayout.JAVA_BYTE, 0, 8);
    part.set(INT, 8, VERSION);
    part.set(INT, 12, metric.code());
    part.set(INT, 16, rows);
    part.set(INT, 20, d);
    part.set(INT, 24, lists);
    part.set(INT, 28, codes.kind());
    part.set(LONG, 32, codes.body().byteSize());
    part.set(INT, 40, Checksums.crc32c(codes.body()));
    part.set(INT, 44, Checksums.crc32c(part.asSlice(HEADER)));
    part.set(INT, 48, kind.bits());
    part.set(INT, 52, kind.parts());
    PartCheck.seal(part);
    return of(part, metric);
  }

  private static ListPart of(MemorySegment part, Metric metric) {
    return new ListPart(
        part,
        metric,
        part.get(INT, 16),
        part.get(INT, 20),
        part.get(INT, 24),
        part.get(INT, 28),
        part.get(LONG, 32),
        part.get(INT, 40),
        part.get(INT, 44));
  }

  /**
   * Reads the header and where lists begin.
   *
   * @param spec of the index
   * @throws VectorDataException if the header is damaged, or of other rows or codes
   */
  static ListPart read(
      MemorySegment part, MemorySegment codes, VectorSource rows, Metric metric, ListSpec spec) {
    int mostLists = spec.listsFor(rows.size());
    var kind = spec.codes();
    var check = new PartCheck(NAME, rows);
    check.requireHeader(part, MAGIC, VERSION, metric);
    var read = of(part, metric);
    if (read.lists < Math.min(1, read.rows) || read.lists > mostLists) {
      throw check.damaged(
          "must have as many lists as the spec allows", 24, "1 to " + mostLists, read.lists);
    }
    check.require("must have codes of the kind that the spec says", 28, number(kind), read.kind);
    check.require("must have codes of the spec's bits", 48, kind.bits(), part.get(INT, 48));
    check.require("must have codes of the spec's parts", 52, kind.parts(), part.get(INT, 52));
    check.require("must lie beside its codes", 32, read.codeBytes, codes.byteSize());
    check.require(
        "must be as long as its rows need",
        16,
        bytes(read.dimension, read.lists, read.rows),
        part.byteSize());
    read.requireLists(check);
    if (kind.panels()) {
      check.require(
          "must have lists that fit their codes",
          firstsAt(read.dimension, read.lists),
          Int8Lists.bytes(rows, read.order()),
          codes.byteSize());
    }
    return read;
  }

  private static int number(ListSpec.Codes kind) {
    return kind.panels()
        ? Int8Lists.KIND
        : kind.parts() == 0 ? BlockLists.ROTATED : BlockLists.PRODUCT;
  }

  /** Checks that lists have rows, and that those are rows. */
  private void requireLists(PartCheck check) {
    long at = firstsAt(dimension, lists);
    for (int list = 0; list <= lists; list++, at += 4) {
      int first = part.get(INT, at);
      boolean right =
          list == 0
              ? first == 0
              : list == lists ? first == rows : first > part.get(INT, at - 4) && first < rows;
      if (!right) {
        throw check.damaged(
            "must have lists one behind the other",
            at,
            list == 0 ? "0" : list == lists ? "" + rows : "more than the one before",
            first);
      }
    }
    at = rowsAt(dimension, lists);
    for (int place = 0; place < rows; place++, at += 4) {
      int row = part.get(INT, at);
      if (row < 0 || row >= rows) {
        throw check.damaged(
            "must name rows that are there",
            at,
            "0 to " + (rows - 1),
            Integer.toUnsignedString(row));
      }
    }
  }

  /** Order in which lists hold rows. */
  ListOrder order() {
    return order(part, dimension, lists, rows);
  }

  /** Copy of the origin. */
  float[] origin() {
    var origin = new float[dimension];
    MemorySegment.copy(part, FLOAT, HEADER, origin, 0, dimension);
    return origin;
  }

  /** Centres, {@code [lists][d]} float32, in place. */
  MemorySegment centres() {
    return part.asSlice(centresAt(dimension), 4L * lists * dimension);
  }

  /** Copies the centre of a list. */
  void centre(int list, float[] into) {
    MemorySegment.copy(
        part, FLOAT, centresAt(dimension) + 4L * list * dimension, into, 0, dimension);
  }

  /** Copy of the radii. */
  float[] radii() {
    var radii = new float[lists];
    MemorySegment.copy(part, FLOAT, radiiAt(dimension, lists), radii, 0, lists);
    return radii;
  }

  /** Checks that the bytes of both parts are those that were written. */
  void verifyChecksums(MemorySegment codes, VectorSource source) {
    var check = new PartCheck(NAME, source);
    check.require(
        "must have its checksum",
        44,
        PartCheck.hex(bodyCrc),
        PartCheck.hex(Checksums.crc32c(part.asSlice(HEADER))));
    check.require(
        "must lie beside the codes that it was built with",
        40,
        PartCheck.hex(codeCrc),
        PartCheck.hex(Checksums.crc32c(codes)));
  }
}
