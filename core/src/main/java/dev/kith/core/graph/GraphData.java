package dev.kith.core.graph;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.metric.Metric;
import dev.kith.core.quant.RowCodes;
import dev.kith.core.recall.RecallCurve;
import dev.kith.core.search.IndexData;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * Rows, codes of them that a walk reads, and the graph that it walks through. Immutable; safe for
 * many threads. {@code docs/formats/graph.md} draws the parts.
 */
public final class GraphData implements IndexData {
  /** The name of the part that holds the codes. */
  public static final String CODES = "codes";

  /** The name of the part that holds the graph and its pivots. */
  public static final String GRAPH = "graph";

  /** The name of the part that holds what the index measured of its own walks. */
  public static final String CURVE = "curve";

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /** Bytes before the pivots: rows, degree, pivots, rows reached, and zeros. */
  private static final int HEADER = 64;

  private final VectorSource rows;
  private final Metric metric;
  private final GraphSpec spec;
  private final RowCodes codes;
  private final Graph graph;
  private final int[] pivots;
  private final int reached;
  private final MemorySegment part;
  private final RecallCurve curve;

  private GraphData(
      VectorSource rows,
      Metric metric,
      GraphSpec spec,
      RowCodes codes,
      MemorySegment part,
      RecallCurve curve) {
    this.rows = rows;
    this.metric = metric;
    this.spec = spec;
    this.codes = codes;
    this.part = part;
    this.curve = curve;
    int size = part.get(INT, 0);
    int degree = part.get(INT, 4);
    this.pivots = new int[part.get(INT, 8)];
    this.reached = part.get(INT, 12);
    MemorySegment.copy(part, INT, HEADER, pivots, 0, pivots.length);
    this.graph = new Graph(part.asSlice(linksAt(pivots.length)), size, degree);
  }

  private static long linksAt(int pivots) {
    return HEADER + (4L * pivots + 63) / 64 * 64;
  }

  /** Puts together what a build made; the table is copied into the part. */
  static GraphData of(
      VectorSource rows,
      Metric metric,
      GraphSpec spec,
      RowCodes codes,
      Graph graph,
      int[] pivots,
      RecallCurve curve,
      Arena arena) {
    long at = linksAt(pivots.length);
    var part = arena.allocate(at + graph.links().byteSize(), 64);
    part.set(INT, 0, graph.size());
    part.set(INT, 4, graph.degree());
    part.set(INT, 8, pivots.length);
    part.set(INT, 12, Reach.reached(graph, pivots).cardinality());
    MemorySegment.copy(pivots, 0, part, INT, HEADER, pivots.length);
    MemorySegment.copy(graph.links(), 0, part, at, graph.links().byteSize());
    return new GraphData(rows, metric, spec, codes, part, curve);
  }

  @Override
  public VectorSource rows() {
    return rows;
  }

  @Override
  public Metric metric() {
    return metric;
  }

  @Override
  public GraphSpec spec() {
    return spec;
  }

  /** Codes that walks read. */
  RowCodes codes() {
    return codes;
  }

  /** What walks read of a row: what the spec names, or what the build chose for {@code auto}. */
  public GraphSpec.Codes codesKind() {
    return codes.bits() == 4 ? GraphSpec.Codes.INT4 : GraphSpec.Codes.INT8;
  }

  /** What the index measured of its own walks. */
  public RecallCurve curve() {
    return curve;
  }

  /** The same index with another curve. */
  GraphData withCurve(RecallCurve other) {
    return new GraphData(rows, metric, spec, codes, part, other);
  }

  /** Graph that is walked through. */
  public Graph graph() {
    return graph;
  }

  /** Rows that walks begin from. */
  int[] pivots() {
    return pivots;
  }

  /** Number of rows that links lead to from the pivots, the pivots among them. */
  public int reached() {
    return reached;
  }

  @Override
  public SequencedMap<String, MemorySegment> parts() {
    var parts = new LinkedHashMap<String, MemorySegment>();
    parts.put(CODES, codes.body());
    parts.put(GRAPH, part);
    parts.put(CURVE, curve.part());
    return parts;
  }

  @Override
  public void verify() {
    var links = new int[graph.degree()];
    for (int row = 0; row < graph.size(); row++) {
      VectorDataException.requireFinite(rows, row, rows.row(row));
      int count = graph.neighbours(row, links);
      for (int i = 0; i < count; i++) {
        if (links[i] < 0 || links[i] >= graph.size()) {
          throw new VectorDataException(
              "graph of %s, row %d: a link leads to row %d of %d; build the index again"
                  .formatted(rows.name(), row, links[i], graph.size()));
        }
      }
    }
  }
}
