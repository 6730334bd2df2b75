package dev.kith.core.graph;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.WalkCodes;
import dev.kith.core.recall.RecallCurve;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.PartCheck;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

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

  /** The name of the part that holds what the index measured of its walks with filters. */
  public static final String FILTERED = "filtered";

  /** The name of the part that holds the upper levels, if there are any. */
  public static final String LEVELS = "levels";

  /** Alignment of parts and of what is in them. */
  static final int LINE = 64;

  private final VectorSource rows;
  private final Metric metric;
  private final GraphSpec spec;
  private final WalkCodes codes;
  private final Graph graph;
  private final GraphPart header;
  private final MemorySegment part;
  private final RecallCurve curve;
  private final @Nullable FilterCurves filtered;
  private final @Nullable Levels levels;

  private GraphData(
      VectorSource rows,
      Metric metric,
      GraphSpec spec,
      WalkCodes codes,
      GraphPart header,
      MemorySegment part,
      @Nullable Levels levels,
      RecallCurve curve,
      @Nullable FilterCurves filtered) {
    this.rows = rows;
    this.metric = metric;
    this.spec = spec;
    this.codes = codes;
    this.header = header;
    this.part = part;
    this.curve = curve;
    this.filtered = filtered;
    this.levels = levels;
    this.graph =
        new Graph(
            part.asSlice(GraphPart.linksAt(header.pivots().length, LINE)),
            header.size(),
            header.degree());
  }

  /**
   * Opens parts that were stored, in place. Headers and lengths are checked; that the parts are
   * undamaged, and of these rows, is for the caller to know, or for {@link #verify} to find out.
   *
   * @param parts as {@link #parts} gave them; others than a graph needs are left alone
   * @throws VectorDataException if a part is missing, damaged, or of other rows, metric or spec
   */
  public static GraphData open(
      VectorSource rows, Metric metric, GraphSpec spec, Map<String, MemorySegment> parts) {
    var body = require(CODES, rows, parts);
    var part = require(GRAPH, rows, parts);
    var header = GraphPart.read(GRAPH, GraphPart.TABLE, part, body, rows, metric);
    var check = new PartCheck(GRAPH, rows);
    check.require("must be as the spec says", 24, spec.degree(), header.degree());
    check.require(
        "must be as long as its rows need",
        16,
        GraphPart.linksAt(header.pivots().length, LINE) + 4L * header.size() * header.degree(),
        part.byteSize());
    var codes = WalkCodes.open(header.codes().bits(), header.codes().axes(), body, rows, metric);
    var levels = spec.levels() ? new Levels(require(LEVELS, rows, parts)) : null;
    var curve = RecallCurve.open(require(CURVE, rows, parts));
    var measured = parts.get(FILTERED); // null where rows are few, or the index older than it
    var filtered = measured == null ? null : FilterCurves.open(measured);
    return new GraphData(rows, metric, spec, codes, header, part, levels, curve, filtered);
  }

  /** The part {@code name}, which a graph cannot do without. */
  static MemorySegment require(String name, VectorSource rows, Map<String, MemorySegment> parts) {
    var part = parts.get(name);
    if (part == null) {
      throw new VectorDataException(
          "a graph needs its part %s: rows=%s, found=%s; build the index again"
              .formatted(name, rows.name(), parts.keySet()));
    }
    return part;
  }

  /**
   * Puts together what a build made; the table is copied into the part.
   *
   * @param pivots rows that walks begin from; with levels, the rows of level 1, those of higher
   *     levels first, and behind them seeds of every walk
   */
  static GraphData of(
      VectorSource rows,
      Metric metric,
      GraphSpec spec,
      WalkCodes codes,
      Graph graph,
      int[] pivots,
      @Nullable Levels levels,
      RecallCurve curve,
      Arena arena) {
    long at = GraphPart.linksAt(pivots.length, LINE);
    var part = arena.allocate(at + graph.links().byteSize(), LINE);
    GraphPart.writePivots(part, pivots);
    MemorySegment.copy(graph.links(), 0, part, at, graph.links().byteSize());
    int reached = Reach.reached(graph, entered(pivots, levels)).cardinality();
    var header = GraphPart.seal(part, rows, metric, graph, pivots, reached, codes);
    return new GraphData(rows, metric, spec, codes, header, part, levels, curve, null);
  }

  /** Rows that walks may begin from. */
  private static int[] entered(int[] pivots, @Nullable Levels levels) {
    if (levels == null) {
      return pivots;
    }
    int listed = levels.count() == 0 ? 0 : levels.graph(1).size();
    return IntStream.concat(levels.reached().stream(), IntStream.range(listed, pivots.length))
        .map(place -> pivots[place])
        .toArray();
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
  WalkCodes codes() {
    return codes;
  }

  /** What walks read of a row: what the spec names, or what the build chose for {@code auto}. */
  public GraphSpec.Codes codesKind() {
    return switch (codes.bits()) {
      case 4 -> GraphSpec.Codes.INT4;
      case 8 -> GraphSpec.Codes.INT8;
      case 16 -> GraphSpec.Codes.FLOAT16;
      default -> GraphSpec.Codes.FLOAT32;
    };
  }

  /** Dimensions that rows were projected to before they were coded, or 0 where all are read. */
  public int codedDimensions() {
    return codes.axes();
  }

  /** What the index measured of its own walks. */
  public RecallCurve curve() {
    return curve;
  }

  /** What the index measured of its walks with filters, or null if it has not. */
  @Nullable FilterCurves filtered() {
    return filtered;
  }

  /** The same index with other curves. */
  GraphData withCurves(RecallCurve other, @Nullable FilterCurves otherFiltered) {
    return new GraphData(rows, metric, spec, codes, header, part, levels, other, otherFiltered);
  }

  /** Graph that is walked through. */
  public Graph graph() {
    return graph;
  }

  /** Rows that walks begin from. */
  int[] pivots() {
    return header.pivots();
  }

  /** Where walks begin. */
  Entry entry(Kernels kernels) {
    var coded = CodedRows.of(codes, kernels);
    return levels == null
        ? Pivots.of(header.pivots(), coded)
        : new Descent(levels, header.pivots(), coded);
  }

  /** Number of rows that links lead to from the pivots, the pivots among them. */
  public int reached() {
    return header.reached();
  }

  @Override
  public SequencedMap<String, MemorySegment> parts() {
    var parts = new LinkedHashMap<String, MemorySegment>();
    parts.put(CODES, codes.body());
    parts.put(GRAPH, part);
    if (levels != null) {
      parts.put(LEVELS, levels.part());
    }
    parts.put(CURVE, curve.part());
    if (filtered != null) {
      parts.put(FILTERED, filtered.part());
    }
    return parts;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Codes of all rows are made again and compared, so a check takes about as long as coding the
   * rows did; the space that they lie in is taken as it was stored.
   */
  @Override
  public void verify() {
    header.verifyChecksums(GRAPH, part, codes.body(), rows);
    new GraphCheck(rows, graph)
        .check(header.pivots(), entered(header.pivots(), levels), header.reached(), codes);
  }
}
