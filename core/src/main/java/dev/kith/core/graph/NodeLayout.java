package dev.kith.core.graph;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.vector.ByteSink;
import dev.kith.core.vector.VectorSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where nodes lie that are read from disk: a node is a row, the number of its neighbours and these,
 * filled up with zeros; as many as fit lie in a sector of 4,096 bytes, none across two; a larger
 * node takes sectors of its own. This is the layout of DiskANN's disk index (Subramanya and others,
 * 2019).
 *
 * <pre>
 * offset      size  field of a node
 * 0           b     the row as its source stores it
 * b           4     number of its neighbours, at most r
 * b + 4       4 r   neighbours, u32, then zeros
 * </pre>
 *
 * @param rowBytes {@code b}
 * @param degree {@code r}
 * @param size number of nodes
 */
record NodeLayout(int rowBytes, int degree, int size) {
  /** Bytes that a disk reads at once, and that nodes do not lie across. */
  static final int SECTOR = 4096;

  private static final int CHUNK = 64;

  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /** Bytes of a node. */
  int nodeBytes() {
    return rowBytes + 4 + 4 * degree;
  }

  /** Nodes in a sector, 0 if one takes several. */
  int perSector() {
    return SECTOR / nodeBytes();
  }

  /** Bytes that are read for a node: one sector, or several. */
  int readBytes() {
    return (nodeBytes() + SECTOR - 1) / SECTOR * SECTOR;
  }

  /** Bytes of all nodes. */
  long bytes() {
    int each = perSector();
    return each == 0 ? (long) size * readBytes() : ((long) size + each - 1) / each * SECTOR;
  }

  /** Where the sectors of a node begin, from the first node's on. */
  long sectorAt(int row) {
    int each = perSector();
    return each == 0 ? (long) row * readBytes() : (long) (row / each) * SECTOR;
  }

  /** Where a node begins in its sectors. */
  int within(int row) {
    int each = perSector();
    return each == 0 ? 0 : row % each * nodeBytes();
  }

  /** Writes all nodes, sector by sector. */
  void write(VectorSource rows, Graph graph, ByteSink sink) throws IOException {
    int unit = readBytes();
    int each = Math.max(perSector(), 1);
    var links = new int[graph.degree()];
    try (var arena = Arena.ofConfined()) {
      var buffer = arena.allocate((long) unit * CHUNK, SECTOR);
      for (int from = 0; from < size; from += each * CHUNK) {
        int to = (int) Math.min(size, (long) from + (long) each * CHUNK);
        buffer.fill((byte) 0);
        for (int row = from; row < to; row++) {
          long at = sectorAt(row) - sectorAt(from) + within(row);
          MemorySegment.copy(rows.block(row, 1).data(), 0, buffer, at, rowBytes);
          int count = graph.neighbours(row, links);
          buffer.set(INT, at + rowBytes, count);
          MemorySegment.copy(links, 0, buffer, INT, at + rowBytes + 4, count);
        }
        sink.append(buffer.asSlice(0, sectorAt(to - 1) - sectorAt(from) + unit));
      }
    }
  }
}
