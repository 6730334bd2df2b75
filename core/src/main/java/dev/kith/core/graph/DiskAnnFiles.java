package dev.kith.core.graph;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.exact.CalibrationSample;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.RowCodes;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.MappedFile;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.vector.VectorWriter;
import dev.kith.core.vector.WholeFile;
import dev.kith.core.work.BuildOptions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The files of DiskANN (the C++ library of microsoft/DiskANN): the graph of its index in memory,
 * and its index on disk. {@code docs/formats/diskann.md} draws them.
 */
public final class DiskAnnFiles {
  /** Bytes before the nodes of a graph file. */
  private static final int GRAPH_HEADER = 24;

  /** Numbers in the first sector of a disk index without data for reordering. */
  private static final int DISK_FIELDS = 9;

  private static final String ADVICE = "copy the file again, or build it again";

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private DiskAnnFiles() {}

  /**
   * Reads a graph file over {@code rows}, which its points were, in their order. The codes for
   * walks are made here. Links of a row to itself, and repeated ones, are left out; so are frozen
   * points, whose neighbours become pivots if walks began from one.
   *
   * @throws VectorDataException if the file is damaged, or has another number of rows
   */
  public static GraphData readGraph(
      Path path, VectorSource rows, Metric metric, GraphSpec.Codes codes, BuildOptions options)
      throws IOException {
    try (var arena = Arena.ofShared()) {
      var file = MappedFile.map(path, arena);
      var all = file.bytes();
      long length = all.byteSize();
      if (length < GRAPH_HEADER || all.get(LONG, 0) != length) {
        throw file.damaged(
            "a graph file begins with its length",
            0,
            length,
            length < GRAPH_HEADER ? length + " bytes" : all.get(LONG, 0),
            ADVICE);
      }
      int size = Math.toIntExact(rows.size());
      int start = all.get(INT, 12);
      long frozen = all.get(LONG, 16);
      if (frozen < 0 || frozen > 1000) {
        throw file.damaged("frozen points are few", 16, "0 to 1000", frozen, ADVICE);
      }
      var into = new Import(file, size, (int) frozen, degree(file, 8, all.get(INT, 8)), options);
      long at = GRAPH_HEADER;
      for (int row = 0; row < size + frozen; row++) {
        if (at + 4 > length) {
          throw file.damaged(
              "the graph must have a node for each row and frozen point",
              at,
              size + frozen,
              row,
              "give the rows that it was built of");
        }
        int count = all.get(INT, at);
        if (count < 0 || count > (length - at - 4) / 4) {
          throw file.damaged("neighbours must lie in the file", at, "fewer", count, ADVICE);
        }
        into.node(row, all, at + 4, count);
        at += 4 + 4L * count;
      }
      if (at != length) {
        throw file.damaged(
            "the graph must have a node for each row and frozen point",
            at,
            size + frozen,
            "more",
            "give the rows that it was built of");
      }
      return into.finish(12, start, rows, metric, codes);
    }
  }

  private static int degree(MappedFile file, long at, long degree) {
    if (degree < 0 || degree > 512) {
      throw file.damaged("rows must have at most 512 neighbours", at, "0 to 512", degree, ADVICE);
    }
    return (int) Math.max(degree, 4);
  }

  /** Graph that is read from a file. */
  private static final class Import {
    final MappedFile file;
    final int size;
    final int frozen;
    final BuildOptions options;
    final Graph graph;
    final int[] links;

    /** Neighbours of the last frozen point. */
    int[] ofFrozen = new int[0];

    Import(MappedFile file, int size, int frozen, int degree, BuildOptions options) {
      this.file = file;
      this.size = size;
      this.frozen = frozen;
      this.options = options;
      this.graph = new Graph(options.arena().allocate(4L * size * degree, 64), size, degree);
      this.links = new int[degree];
    }

    /** Takes a node's {@code count} neighbours, which lie at {@code at}. */
    void node(int row, MemorySegment bytes, long at, int count) {
      if (count > links.length) {
        throw file.damaged(
            "rows must have no more neighbours than the header says",
            at - 4,
            links.length,
            count,
            ADVICE);
      }
      int kept = 0;
      for (int i = 0; i < count; i++) {
        int link = bytes.get(INT, at + 4L * i);
        if (link < 0 || link >= size + frozen) {
          throw file.damaged(
              "neighbours must be rows",
              at + 4L * i,
              "0 to " + (size + frozen - 1),
              Integer.toUnsignedString(link),
              ADVICE);
        }
        boolean known = link == row || link >= size;
        for (int j = 0; j < kept && !known; j++) {
          known = links[j] == link;
        }
        if (!known) {
          links[kept++] = link;
        }
      }
      if (row < size) {
        graph.setNeighbours(row, links, kept);
      } else {
        ofFrozen = Arrays.copyOf(links, kept);
      }
    }

    GraphData finish(
        long startAt, int start, VectorSource rows, Metric metric, GraphSpec.Codes codes) {
      if (size > 0 && (start < 0 || start >= size + frozen)) {
        throw file.damaged(
            "walks must begin from a row", startAt, "0 to " + (size + frozen - 1), start, ADVICE);
      }
      if (codes != GraphSpec.Codes.INT4 && codes != GraphSpec.Codes.INT8) {
        throw new IllegalArgumentException(
            "an imported graph is walked through by int4 or int8 codes: " + codes);
      }
      var usual = GraphSpec.Vamana.DEFAULT;
      var spec =
          new GraphSpec.Vamana(
              graph.degree(), usual.alpha(), usual.width(), usual.passes(), codes, usual.seed());
      var coded =
          RowCodes.encode(
              rows, metric, codes == GraphSpec.Codes.INT4 ? 4 : 8, spec.seed(), options);
      var first = start < size ? new int[] {start} : ofFrozen;
      var pivots = size == 0 ? new int[0] : pivots(first, spec.seed());
      var curve = Calibration.none(options.arena());
      return GraphData.of(rows, metric, spec, coded, graph, pivots, null, curve, options.arena());
    }

    /** Where walks began in DiskANN, and rows spread over the data, so that walks are short. */
    private int[] pivots(int[] first, long seed) {
      int most = Math.max(Pivots.count(size), first.length);
      var pivots = Arrays.copyOf(first, most);
      int count = first.length;
      var order = CalibrationSample.permutation(size, seed);
      for (int i = 0; i < size && count < most; i++) {
        boolean known = false;
        for (int have : first) {
          known |= have == order[i];
        }
        if (!known) {
          pivots[count++] = order[i];
        }
      }
      return pivots;
    }
  }

  /**
   * Writes a graph file; the rows themselves are another file's. DiskANN begins all walks from one
   * row, the first pivot: what no link leads to from there is linked before, in a copy.
   *
   * @return number of rows that links lead to from that row
   */
  public static int writeGraph(Path target, GraphData data) throws IOException {
    var graph = fromFirst(data);
    int degree = maxDegree(graph);
    long bytes = GRAPH_HEADER;
    var links = new int[graph.degree()];
    for (int row = 0; row < graph.size(); row++) {
      bytes += 4 + 4L * graph.neighbours(row, links);
    }
    var buffer = ByteBuffer.allocateDirect(1 << 16).order(LITTLE_ENDIAN);
    buffer.putLong(bytes).putInt(degree).putInt(start(data)).putLong(0);
    try (var file = new WholeFile(target)) {
      for (int row = 0; row < graph.size(); row++) {
        int count = graph.neighbours(row, links);
        if (buffer.remaining() < 4 + 4 * count) {
          file.append(buffer);
        }
        buffer.putInt(count);
        for (int i = 0; i < count; i++) {
          buffer.putInt(links[i]);
        }
      }
      file.append(buffer);
      file.commit();
    }
    return reached(graph, data);
  }

  private static int start(GraphData data) {
    return data.pivots().length == 0 ? 0 : data.pivots()[0];
  }

  private static int reached(Graph graph, GraphData data) {
    return graph.size() == 0 ? 0 : Reach.reached(graph, new int[] {start(data)}).cardinality();
  }

  private static int maxDegree(Graph graph) {
    int most = 0;
    var links = new int[graph.degree()];
    for (int row = 0; row < graph.size(); row++) {
      most = Math.max(most, graph.neighbours(row, links));
    }
    return most;
  }

  /** The graph, or a copy in which links lead to every row from the first pivot alone. */
  private static Graph fromFirst(GraphData data) {
    var graph = data.graph();
    if (reached(graph, data) == graph.size()) {
      return graph;
    }
    var links = Arena.ofAuto().allocate(graph.links().byteSize(), 64).copyFrom(graph.links());
    var copy = new Graph(links, graph.size(), graph.degree());
    new Reach(copy, new int[] {start(data)}, CodedRows.of(data.codes(), Kernels.inJava())).link();
    return copy;
  }

  /**
   * Writes the disk index, {@code PREFIX_disk.index} in DiskANN: links and rows of FLOAT32, INT8 or
   * UINT8. DiskANN wants the files of its product quantizer beside it, which its tool {@code
   * generate_pq} makes of the rows.
   *
   * @return number of rows that links lead to from the first pivot, where its walks begin
   */
  public static int writeDisk(Path target, GraphData data) throws IOException {
    var rows = data.rows();
    requireKnown(rows.elementType());
    var graph = fromFirst(data);
    var layout =
        new NodeLayout(
            rows.dimension() * rows.elementType().bytes(), maxDegree(graph), graph.size());
    var header = ByteBuffer.allocate(NodeLayout.SECTOR).order(LITTLE_ENDIAN);
    header.putInt(DISK_FIELDS).putInt(1).putLong(graph.size()).putLong(rows.dimension());
    header.putLong(start(data)).putLong(layout.nodeBytes()).putLong(layout.perSector());
    header.putLong(0).putLong(0).putLong(0); // neither frozen points nor data for reordering
    header.putLong(NodeLayout.SECTOR + layout.bytes()).position(NodeLayout.SECTOR);
    try (var file = new WholeFile(target)) {
      file.append(header);
      layout.write(rows, graph, file);
      file.commit();
    }
    return reached(graph, data);
  }

  private static void requireKnown(ElementType type) {
    if (type != ElementType.FLOAT32 && type != ElementType.INT8 && type != ElementType.UINT8) {
      throw new IllegalArgumentException(
          "files of DiskANN hold float32, int8 or uint8 rows: %s; convert the rows before"
              .formatted(type));
    }
  }

  /** A disk index whose header was read. */
  private record Disk(MappedFile file, NodeLayout layout, int dimension, long start) {
    static Disk open(Path path, ElementType type, Arena arena) throws IOException {
      requireKnown(type);
      var file = MappedFile.map(path, arena);
      var all = file.bytes();
      long length = all.byteSize();
      int fields = length < NodeLayout.SECTOR ? 0 : all.get(INT, 0);
      if (fields != DISK_FIELDS || all.get(INT, 4) != 1) {
        throw file.damaged(
            "a disk index begins with a table of numbers (without data for reordering)",
            0,
            DISK_FIELDS + " x 1",
            length < NodeLayout.SECTOR ? length + " bytes" : fields + " x " + all.get(INT, 4),
            "is it another file?");
      }
      long size = all.get(LONG, 8);
      long dimension = all.get(LONG, 16);
      if (size < 0 || size > Integer.MAX_VALUE) {
        throw file.damaged("points must be in range", 8, "0 to 2147483647", size, ADVICE);
      }
      if (dimension < 1 || dimension > VectorSource.MAX_DIMENSION) {
        throw file.damaged("the dimension must be in range", 16, "1 to 65536", dimension, ADVICE);
      }
      long node = all.get(LONG, 32);
      long linkBytes = node - dimension * type.bytes() - 4;
      if (linkBytes < 0 || linkBytes % 4 != 0 || linkBytes > 4 * 512) {
        throw file.damaged(
            "a node must be a row of %d %s elements, a count and at most 512 neighbours"
                .formatted(dimension, type),
            32,
            dimension * type.bytes() + 4 + " bytes and more",
            node,
            "is it of another type, or of compressed rows?");
      }
      var layout =
          new NodeLayout((int) dimension * type.bytes(), (int) (linkBytes / 4), (int) size);
      if (all.get(LONG, 40) != layout.perSector()) {
        throw file.damaged(
            "sectors must be full", 40, layout.perSector(), all.get(LONG, 40), ADVICE);
      }
      if (all.get(LONG, 48) != 0) {
        throw file.damaged(
            "there must be no frozen points",
            48,
            0,
            all.get(LONG, 48),
            "save the index in memory without them before");
      }
      if (all.get(LONG, 72) != length || length != NodeLayout.SECTOR + layout.bytes()) {
        throw file.damaged(
            "the file must be as long as its nodes need",
            72,
            NodeLayout.SECTOR + layout.bytes(),
            all.get(LONG, 72) == length ? length : all.get(LONG, 72) + " of " + length,
            ADVICE);
      }
      return new Disk(file, layout, (int) dimension, all.get(LONG, 24));
    }

    long nodeAt(int row) {
      return NodeLayout.SECTOR + layout.sectorAt(row) + layout.within(row);
    }
  }

  /**
   * Copies the rows out of a disk index.
   *
   * @param target {@code .npy}, or another vector file that can hold the type
   * @throws VectorDataException if the file is damaged
   */
  public static void extractRows(Path path, ElementType type, Path target) throws IOException {
    try (var arena = Arena.ofShared();
        var writer = openWriter(path, type, target, arena)) {
      var disk = Disk.open(path, type, arena);
      long stride = disk.layout.rowBytes();
      for (int row = 0; row < disk.layout.size(); row++) {
        var bytes = disk.file.bytes().asSlice(disk.nodeAt(row), stride);
        var one = VectorSource.over(bytes, stride, 1, disk.dimension, type);
        writer.append(one.block(0, 1));
      }
      writer.commit();
    }
  }

  private static VectorWriter openWriter(Path path, ElementType type, Path target, Arena arena)
      throws IOException {
    return VectorWriter.create(target, Disk.open(path, type, arena).dimension, type);
  }

  /**
   * Reads a disk index over {@code rows}, which must be those in it, in their order and of their
   * type; {@link #extractRows} gives them. See {@link #readGraph} for the rest.
   *
   * @throws VectorDataException if the file is damaged, or of other rows
   */
  public static GraphData readDisk(
      Path path, VectorSource rows, Metric metric, GraphSpec.Codes codes, BuildOptions options)
      throws IOException {
    try (var arena = Arena.ofShared()) {
      var disk = Disk.open(path, rows.elementType(), arena);
      var layout = disk.layout;
      var file = disk.file;
      if (layout.size() != rows.size()) {
        throw file.damaged(
            "the index must be of these rows", 8, rows.size(), layout.size(), "give its own rows");
      }
      if (disk.dimension != rows.dimension()) {
        throw file.damaged(
            "the index must have the rows' dimension",
            16,
            rows.dimension(),
            disk.dimension,
            "give its own rows");
      }
      int degree = degree(file, 32, layout.degree());
      var into = new Import(file, layout.size(), 0, degree, options);
      for (int row = 0; row < layout.size(); row++) {
        long at = disk.nodeAt(row);
        long other =
            MemorySegment.mismatch(
                file.bytes(),
                at,
                at + layout.rowBytes(),
                rows.block(row, 1).data(),
                0,
                layout.rowBytes());
        if (other >= 0) {
          throw file.damaged(
              "the index must be of these rows (%s)".formatted(rows.name()),
              at + other,
              "row " + row,
              "another",
              "give its own rows");
        }
        long links = at + layout.rowBytes();
        int count = file.bytes().get(INT, links);
        if (count < 0 || count > layout.degree()) {
          throw file.damaged(
              "neighbours must lie in their node", links, layout.degree(), count, ADVICE);
        }
        into.node(row, file.bytes(), links + 4, count);
      }
      return into.finish(24, (int) disk.start, rows, metric, codes);
    }
  }
}
