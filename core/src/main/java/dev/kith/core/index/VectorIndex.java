package dev.kith.core.index;

import dev.kith.core.backend.Backends;
import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Shadow;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.ByteSink;
import dev.kith.core.vector.MappedFile;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.List;

/** Finds the rows of a source nearest to a query. Safe for many threads. */
public interface VectorIndex {

  /** Rows and the parts built from them; the index closes none of them. */
  IndexData data();

  /** Rows that are searched. */
  default VectorSource rows() {
    return data().rows();
  }

  /** Metric by which rows are near. */
  default Metric metric() {
    return data().metric();
  }

  /** Kind of this index with its parameters. */
  default IndexSpec spec() {
    return data().spec();
  }

  /** Bytes of memory that searches keep beside the data, so far. */
  long indexBytes();

  /**
   * The nearest rows of each query, nearest first, ties by smaller row.
   *
   * @param queries {@code [q][d]} with the dimension {@code d} of {@link #rows()}
   * @throws IllegalArgumentException if the dimensions differ
   * @throws dev.kith.core.vector.VectorDataException if a query or a row is not finite
   * @throws dev.kith.core.backend.BackendUnavailableException if a forced backend cannot serve
   * @throws dev.kith.core.search.SearchStoppedException at the deadline, or once cancelled
   */
  SearchResult search(VectorSource queries, SearchOptions options);

  /** The {@code min(k, rows().size())} rows nearest to one query, {@code [d]}. */
  default Neighbors search(float[] query, int k) {
    return search(VectorSource.single(query), SearchOptions.nearest(k)).neighbors().getFirst();
  }

  /**
   * An index over the same data that has measured its recall anew, on {@code queries} like those
   * that it will be asked: what {@link dev.kith.core.search.Effort.Recall} does and what reports
   * expect follows them, and no longer the rows. At most 1,000 queries are used, evenly spread, and
   * another that is made of each; all are searched exactly and walked once. With 1,000 queries that
   * took 0.3 of the work of the build, with 500 0.12 (73,000 x 384).
   *
   * @param queries {@code [q][d]}, at least 20
   * @throws IllegalArgumentException if the dimensions differ, if there are too few, or if answers
   *     of this index are exact
   * @throws dev.kith.core.vector.VectorDataException if a query or a row is not finite
   */
  VectorIndex calibrate(VectorSource queries);

  /**
   * Options of batching that suit the best backend's hardware: {@link BatchingOptions#DEFAULTS} for
   * cores, {@link BatchingOptions#FOR_DEVICE} for a device.
   */
  BatchingOptions batchingOptions();

  /**
   * This index, with single queries of many threads served together, as {@link BatchingSearch} and
   * {@link #batchingOptions} say. It pays where many threads ask at once; what it costs and brings
   * is measured in {@code docs/results/batching.md}.
   */
  default VectorIndex batching() {
    return batching(batchingOptions());
  }

  /**
   * This index with batching as {@code limits} say. Both indexes share all but the queue: searches
   * of this one bypass it.
   */
  default VectorIndex batching(BatchingOptions limits) {
    return new BatchingIndex(this, limits);
  }

  /** An index over {@code rows}, for example {@code over(rows, Metric.L2, "flat")}. */
  static VectorIndex over(VectorSource rows, Metric metric, String spec) {
    return over(rows, metric, IndexSpec.parse(spec));
  }

  /**
   * An index over {@code rows}; what it needs beside them is built here, on all cores.
   *
   * @throws dev.kith.core.vector.VectorDataException if that reads a row that is not finite
   */
  static VectorIndex over(VectorSource rows, Metric metric, IndexSpec spec) {
    var event = new IndexEvents.Build();
    event.begin();
    var data = Backends.builderOf(spec).build(rows, metric, BuildOptions.defaults());
    event.end();
    if (event.shouldCommit()) {
      event.index = spec.toString();
      event.rows = rows.size();
      event.commit();
    }
    return over(data);
  }

  /** An index over data that was built before, here or elsewhere. */
  static VectorIndex over(IndexData data) {
    return new OpenIndex(data);
  }

  /**
   * Writes what was built beside the rows to a file; the target is replaced as a whole. Format:
   * {@code docs/formats/index.md}.
   */
  default void save(Path target) throws IOException {
    IndexFile.write(target, data());
  }

  /** Writes the bytes of the file that {@link #save} makes, to be part of another file. */
  default void write(ByteSink sink) throws IOException {
    IndexFile.write(data(), sink);
  }

  /**
   * Writes a graph to a file that searches read node by node, where rows and links are larger than
   * memory: rows lie beside their links, so a file is somewhat larger than the rows; codes of all
   * rows, an eighth of float32 rows in 4 bits, are what searches need in memory. A recall is
   * reached as in memory, by the curve that is written along; with a filter answers are exact.
   *
   * @throws IllegalArgumentException if the index is no graph in memory
   */
  default void saveForDisk(Path target) throws IOException {
    IndexFile.writeForDisk(target, data());
  }

  /**
   * Maps a file that {@link #save} or {@link #saveForDisk} wrote. Its header and a sample of the
   * rows are checked; {@link #verify} checks the rest. The file must not be cut short while the
   * index is in use: that ends the process.
   *
   * @param rows rows that the index was built over; they stay the caller's and must stay open as
   *     long as the index is used
   * @param reading options to open the file with for reads of nodes, where it was saved for disk:
   *     none, or what keeps them out of the page cache
   * @throws dev.kith.core.vector.VectorDataException if it is damaged, or of other rows
   */
  static VectorIndex open(Path file, VectorSource rows, OpenOption... reading) throws IOException {
    return new OpenIndex(IndexFile.open(file, rows, List.of(reading)));
  }

  /**
   * Opens what {@link #write} wrote, in place; checked like a file.
   *
   * @param bytes that must stay open as long as the index is used, at a multiple of 64
   * @param name of the file that they are part of, for messages; offsets in these begin at {@code
   *     bytes}
   */
  static VectorIndex open(MemorySegment bytes, String name, VectorSource rows) {
    var file = new MappedFile(Path.of(name), Arena.global(), bytes);
    return new OpenIndex(IndexFile.open(file, rows, List.of()));
  }

  /**
   * Maps a file that {@link LiveIndex#save} wrote, which holds its rows, as an index that does not
   * change: row {@code r} is that of the {@code r}-th lowest slot.
   *
   * @throws dev.kith.core.vector.VectorDataException if it is damaged, or holds no rows
   */
  static VectorIndex open(Path file) throws IOException {
    return new OpenIndex(IndexFile.open(file, null, List.of()));
  }

  /**
   * Checks, by reading everything, that the index is undamaged and of its rows, its file included
   * if it was opened from one.
   *
   * @throws dev.kith.core.vector.VectorDataException naming what is damaged
   */
  default void verify() {
    data().verify();
  }

  /** A flat index that scans {@code shadow} first, then the rows that it cannot exclude. */
  static VectorIndex over(Shadow shadow) {
    return over(FlatData.of(shadow));
  }
}
