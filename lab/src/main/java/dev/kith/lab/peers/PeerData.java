package dev.kith.lab.peers;

import dev.kith.core.index.VectorIndex;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.Ivecs;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.vector.VectorWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows and queries that all contestants search, with the files that other processes read.
 *
 * @param name name of where the rows come from, for the reader
 * @param rows float32, finite, at least one; stays the caller's
 * @param queries float32, finite, at least one; stays the caller's
 * @param metric metric by which rows are near
 * @param rowsFile {@code .npy} file of the rows
 * @param queriesFile {@code .npy} file of the queries
 */
public record PeerData(
    String name,
    VectorSource rows,
    VectorSource queries,
    Metric metric,
    Path rowsFile,
    Path queriesFile) {

  /** Checks that rows and queries are float32 of one dimension. */
  public PeerData {
    for (var source : List.of(rows, queries)) {
      if (source.elementType() != ElementType.FLOAT32
          || source.size() == 0
          || source.dimension() != rows.dimension()) {
        throw new IllegalArgumentException(
            "peers search float32 rows by float32 queries of the same dimension: rows=%s, queries=%s"
                .formatted(shape(rows), shape(queries)));
      }
    }
  }

  private static String shape(VectorSource source) {
    return "%dx%d %s".formatted(source.size(), source.dimension(), source.elementType());
  }

  /** Data whose files are written into {@code folder}; the caller deletes them. */
  public static PeerData in(
      Path folder, String name, VectorSource rows, VectorSource queries, Metric metric)
      throws IOException {
    var data =
        new PeerData(name, rows, queries, metric, folder.resolve("X.npy"), folder.resolve("Q.npy"));
    VectorWriter.write(data.rowsFile, rows);
    VectorWriter.write(data.queriesFile, queries);
    return data;
  }

  /** True rows of each query, nearest first, by Kith's exact search, which proves them. */
  public List<long[]> exact(int k) {
    return VectorIndex.over(rows, metric, "flat")
        .search(queries, SearchOptions.nearest(k))
        .neighbors()
        .stream()
        .map(Neighbors::rows)
        .toList();
  }

  /**
   * True rows of each query from an {@code .ivecs} file, nearest first.
   *
   * @throws IOException if it cannot be read, or is not about these rows and queries
   */
  public List<long[]> exact(Path ivecs, int k) throws IOException {
    var lists = Ivecs.read(ivecs);
    if (lists.length != queries.size()) {
      throw new IOException(
          "truth must hold one list a query: queries=%d, lists=%d, file=%s; is it of other queries?"
              .formatted(queries.size(), lists.length, ivecs));
    }
    long least = Math.min(k, rows.size());
    var truth = new ArrayList<long[]>();
    for (int q = 0; q < lists.length; q++) {
      var list = lists[q];
      if (list.length < least || Arrays.stream(list).anyMatch(r -> r < 0 || r >= rows.size())) {
        throw new IOException(
            "truth of query %d must hold at least %d rows of %d: %d rows, file=%s; is it of other rows?"
                .formatted(q, least, rows.size(), list.length, ivecs));
      }
      truth.add(Arrays.stream(list).limit(least).mapToLong(r -> r).toArray());
    }
    return truth;
  }
}
