package dev.kith.core.graph;

import dev.kith.core.metric.Metric;
import dev.kith.core.quant.WalkCodes;
import dev.kith.core.recall.RecallCurve;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.PartCheck;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.vector.ByteSink;
import dev.kith.core.vector.Checksums;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.zip.CRC32C;

/**
 * A graph that walks read from disk, node by node: each holds a row and its links; only the codes
 * of all rows are in memory. Immutable; safe for many threads. {@code docs/formats/graph.md} draws
 * the part.
 */
public final class DiskGraphData implements IndexData {
  /*
   * Implementation notes
   *
   * What lies where. A walk of width w expands about w nodes, and scores about w rows. With the row
   * and the links in one node that is one read a hop, and none after the walk; codes of all rows in
   * memory are an eighth of float32 rows in 4 bits. Neighbours' codes inside the nodes would need no
   * memory, but at 32 links and 128 dimensions in 4 bits a node grows from 644 bytes to 2,820 (one a
   * sector instead of six: the file is six times as long), at 64 links and 384 dimensions from 1,796
   * to 14,340 bytes, four sectors a hop. Links alone in the nodes would save a
   * quarter of the file, and cost another read for each row that is scored.
   */

  /** The name of the part that holds nodes. */
  public static final String NODES = "nodes";

  private final VectorSource rows;
  private final GraphSpec spec;
  private final WalkCodes codes;
  private final RecallCurve curve;
  private final GraphPart header;
  private final NodeLayout layout;
  private final MemorySegment part;
  private final Path file;
  private final long at;
  private final List<OpenOption> reading;

  private DiskGraphData(
      VectorSource rows,
      GraphSpec spec,
      WalkCodes codes,
      RecallCurve curve,
      GraphPart header,
      MemorySegment part,
      Path file,
      long at,
      List<OpenOption> reading) {
    this.rows = rows;
    this.spec = spec;
    this.codes = codes;
    this.curve = curve;
    this.header = header;
    this.layout = layout(rows, header.degree());
    this.part = part;
    this.file = file;
    this.at = at;
    this.reading = reading;
  }

  private static NodeLayout layout(VectorSource rows, int degree) {
    return new NodeLayout(
        rows.dimension() * rows.elementType().bytes(), degree, Math.toIntExact(rows.size()));
  }

  /** Bytes of the part with the nodes of a graph. */
  public static long bytes(GraphData data) {
    return GraphPart.linksAt(data.pivots().length, NodeLayout.SECTOR)
        + layout(data.rows(), data.graph().degree()).bytes();
  }

  /** Alignment of the part in its file, so that sectors of nodes are sectors of the disk. */
  public static int alignment() {
    return NodeLayout.SECTOR;
  }

  /** Writes the part with the nodes of a graph; reads all rows twice. */
  public static void write(GraphData data, ByteSink sink) throws IOException {
    var pivots = data.pivots();
    var layout = layout(data.rows(), data.graph().degree());
    try (var arena = Arena.ofConfined()) {
      var head = arena.allocate(GraphPart.linksAt(pivots.length, NodeLayout.SECTOR), 64);
      GraphPart.writePivots(head, pivots);
      var crc = new CRC32C();
      Checksums.update(crc, head.asSlice(GraphPart.HEADER));
      layout.write(data.rows(), data.graph(), bytes -> Checksums.update(crc, bytes));
      var header =
          new GraphPart(
              data.metric(),
              layout.size(),
              data.rows().dimension(),
              layout.degree(),
              pivots,
              data.reached(),
              GraphPart.Codes.of(data.codes()),
              (int) crc.getValue());
      head.copyFrom(header.header(GraphPart.NODES, arena));
      sink.append(head);
      layout.write(data.rows(), data.graph(), sink);
    }
  }

  /**
   * Opens parts that lie in a file.
   *
   * @param parts as they were stored, mapped; walks do not read {@code nodes} there
   * @param file that nodes are read from
   * @param at where the part {@code nodes} begins in it
   * @param reading options to open the file with for reads of nodes
   * @throws VectorDataException if a part is missing, damaged, or of other rows, metric or spec
   */
  public static DiskGraphData open(
      VectorSource rows,
      Metric metric,
      GraphSpec spec,
      Map<String, MemorySegment> parts,
      Path file,
      long at,
      List<OpenOption> reading) {
    var body = GraphData.require(GraphData.CODES, rows, parts);
    var part = GraphData.require(NODES, rows, parts);
    var header = GraphPart.read(NODES, GraphPart.NODES, part, body, rows, metric);
    var check = new PartCheck(NODES, rows);
    check.require("must be as the spec says", 24, spec.degree(), header.degree());
    check.require("must begin with a sector", 0, 0L, at % NodeLayout.SECTOR);
    check.require(
        "must be as long as its rows need",
        16,
        GraphPart.linksAt(header.pivots().length, NodeLayout.SECTOR)
            + layout(rows, header.degree()).bytes(),
        part.byteSize());
    var codes = WalkCodes.open(header.codes().bits(), header.codes().axes(), body, rows, metric);
    var measured = parts.get(GraphData.CURVE); // null in files that were written before it was kept
    var curve = measured == null ? Calibration.none(Arena.ofAuto()) : RecallCurve.open(measured);
    return new DiskGraphData(rows, spec, codes, curve, header, part, file, at, reading);
  }

  @Override
  public VectorSource rows() {
    return rows;
  }

  @Override
  public Metric metric() {
    return header.metric();
  }

  @Override
  public GraphSpec spec() {
    return spec;
  }

  WalkCodes codes() {
    return codes;
  }

  /** What the index measured of its walks in memory. */
  public RecallCurve curve() {
    return curve;
  }

  int[] pivots() {
    return header.pivots();
  }

  /** Opens the file for reads of nodes. */
  NodeReader reader() {
    long first = at + GraphPart.linksAt(header.pivots().length, NodeLayout.SECTOR);
    return new NodeReader(file, first, layout, reading);
  }

  @Override
  public SequencedMap<String, MemorySegment> parts() {
    var parts = new LinkedHashMap<String, MemorySegment>();
    parts.put(GraphData.CODES, codes.body());
    parts.put(NODES, part);
    parts.put(GraphData.CURVE, curve.part());
    return parts;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Takes memory for a table of all links.
   */
  @Override
  public void verify() {
    header.verifyChecksums(NODES, part, codes.body(), rows);
    var check = new PartCheck(NODES, rows);
    long first = GraphPart.linksAt(header.pivots().length, NodeLayout.SECTOR);
    try (var arena = Arena.ofShared()) {
      int degree = layout.degree();
      var graph = new Graph(arena.allocate(4L * layout.size() * degree, 64), layout.size(), degree);
      var links = new int[degree];
      for (int row = 0; row < layout.size(); row++) {
        long node = first + layout.sectorAt(row) + layout.within(row);
        long rowBytes = layout.rowBytes();
        if (MemorySegment.mismatch(
                part, node, node + rowBytes, rows.block(row, 1).data(), 0, rowBytes)
            >= 0) {
          throw check.damaged("must have the rows", node, "row " + row, "another");
        }
        int count = part.get(NodeLayout.INT, node + rowBytes);
        if (count < 0 || count > degree) {
          throw check.damaged("must have no more links", node + rowBytes, degree, count);
        }
        MemorySegment.copy(part, NodeLayout.INT, node + rowBytes + 4, links, 0, count);
        graph.setNeighbours(row, links, count);
      }
      new GraphCheck(rows, graph).check(header.pivots(), header.pivots(), header.reached(), codes);
    }
  }
}
