package dev.kith.core.index;

import dev.kith.core.graph.DiskAnnFiles;
import dev.kith.core.graph.GraphData;
import dev.kith.core.metric.Metric;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Exchange with DiskANN (the C++ library of microsoft/DiskANN) by its own files. What is opened is
 * an index like any other: it walks by Kith's codes, which are made here, and can be saved. {@code
 * docs/formats/diskann.md} draws the files and says what is not exchanged.
 */
public final class DiskAnn {
  private DiskAnn() {}

  /**
   * Opens the graph of an index in memory. Its rows lie beside it, in {@code NAME.data}, which
   * {@link dev.kith.core.vector.VectorFiles#openBin} opens.
   *
   * @param rows the points of the index, in their order, without frozen ones
   * @param codes what walks read of the rows: INT4 or INT8
   * @throws dev.kith.core.vector.VectorDataException if the file is damaged, or of other rows
   */
  public static VectorIndex openGraph(
      Path graph, VectorSource rows, Metric metric, GraphSpec.Codes codes) throws IOException {
    return VectorIndex.over(
        DiskAnnFiles.readGraph(graph, rows, metric, codes, BuildOptions.defaults()));
  }

  /**
   * Writes the graph of an index. DiskANN begins all walks from one row: what no link leads to from
   * there is linked before, in a copy.
   *
   * @return number of rows that links lead to from that row
   * @throws IllegalArgumentException if the index is no graph in memory
   */
  public static int saveGraph(Path target, VectorIndex index) throws IOException {
    return DiskAnnFiles.writeGraph(target, graph(index));
  }

  /** Copies the rows out of a disk index to a vector file, such as {@code rows.npy}. */
  public static void extractRows(Path diskIndex, ElementType type, Path target) throws IOException {
    DiskAnnFiles.extractRows(diskIndex, type, target);
  }

  /**
   * Opens a disk index, {@code PREFIX_disk.index}; the files of its product quantizer are not read.
   *
   * @param rows the rows in it, of their type and in their order, as {@link #extractRows} gives
   *     them
   * @param codes what walks read of the rows: INT4 or INT8
   * @throws dev.kith.core.vector.VectorDataException if the file is damaged, or of other rows
   */
  public static VectorIndex openDisk(
      Path diskIndex, VectorSource rows, Metric metric, GraphSpec.Codes codes) throws IOException {
    return VectorIndex.over(
        DiskAnnFiles.readDisk(diskIndex, rows, metric, codes, BuildOptions.defaults()));
  }

  /**
   * Writes a disk index: links and rows. DiskANN searches it together with the files of its product
   * quantizer, which its tool {@code generate_pq} makes of the rows.
   *
   * @return number of rows that links lead to from the one where DiskANN begins
   * @throws IllegalArgumentException if the index is no graph in memory, or has rows of a type that
   *     DiskANN does not know
   */
  public static int saveDisk(Path target, VectorIndex index) throws IOException {
    return DiskAnnFiles.writeDisk(target, graph(index));
  }

  private static GraphData graph(VectorIndex index) {
    if (index.data() instanceof GraphData data) {
      return data;
    }
    throw new IllegalArgumentException(
        "files of DiskANN hold a graph, not an index %s: build one, such as vamana"
            .formatted(index.spec()));
  }
}
