package dev.kith.core.index;

import dev.kith.core.backend.Backends;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchResult;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Index whose rows come and go while it is searched. It owns its rows, float32 in memory, and names
 * each by a number that no other row of it ever gets, even after it was saved and opened again.
 * Safe for many threads: searches take no lock and wait for nobody.
 *
 * <pre>{@code
 * var index = LiveIndex.create(384, Metric.COSINE, "graph");
 * long number = index.insert(row);
 * var near = index.search(query, 10);
 * index.delete(number);
 * index.save(path);
 * }</pre>
 *
 * <p><b>Recall.</b> What walks find is measured when the index is built over rows or optimized, by
 * {@link #calibrate}, and again whenever one row in four has changed. Until then reports expect
 * less than was measured, and {@link dev.kith.core.search.Effort.Recall} asks for more, the more
 * has changed. Where nothing was measured, as in an index of few rows, such a search is exact, and
 * its report says so.
 *
 * <p><b>What changes cost.</b> An insertion is a walk through the graph. The thread whose deletion
 * is one in six of the rows repairs the graph, and that whose change makes one row in four measures
 * its recall; all others go on meanwhile.
 */
public interface LiveIndex {
  /** Metric by which rows are near. */
  Metric metric();

  /** Kind of this index with its parameters. */
  IndexSpec spec();

  /** Elements of a row. */
  int dimension();

  /** Number of rows. */
  int size();

  /** Bytes of rows, codes and links, with the room for rows to come. */
  long bytes();

  /**
   * Adds a row, which searches that begin later find.
   *
   * @param row {@code [d]}, copied
   * @return number of the row
   * @throws IllegalArgumentException if the dimension differs or an element is not finite
   */
  long insert(float[] row);

  /**
   * Adds rows, on all cores.
   *
   * @return numbers of the rows, in their order
   * @throws IllegalArgumentException if the dimension differs or an element is not finite; the rows
   *     before it may have been added
   */
  List<Long> insertAll(VectorSource rows);

  /**
   * Deletes a row: searches that begin later do not find it.
   *
   * @param number as {@link #insert} or a search gave it
   * @return whether there was such a row
   */
  boolean delete(long number);

  /** Whether there is a row {@code number}. */
  default boolean contains(long number) {
    return row(number) != null;
  }

  /** Copy of the row {@code number}, or null if there is none. */
  float @Nullable [] row(long number);

  /**
   * The nearest rows of each query by their numbers, nearest first; equal keys are in the order of
   * the lower 32 bits of the numbers. Every row of an answer was there at some moment of the
   * search, and all that were there from its beginning to its end are searched for.
   *
   * @param queries {@code [q][d]}
   * @throws IllegalArgumentException if the dimensions differ, or for a filter of bits, which
   *     cannot name rows that come and go
   * @throws VectorDataException if a query is not finite
   * @throws dev.kith.core.backend.BackendUnavailableException if another backend than that of this
   *     index is demanded
   * @throws dev.kith.core.search.SearchStoppedException at the deadline, or once cancelled
   */
  default SearchResult search(VectorSource queries, SearchOptions options) {
    return search(queries, options, null);
  }

  /**
   * The nearest of the rows that are {@code allowed}.
   *
   * @param allowed rows that may be returned, by their numbers, or null for all; several threads
   *     ask it at once
   */
  SearchResult search(VectorSource queries, SearchOptions options, @Nullable LongPredicate allowed);

  /** The {@code min(k, size())} rows nearest to one query, {@code [d]}. */
  default Neighbors search(float[] query, int k) {
    return search(VectorSource.single(query), SearchOptions.nearest(k)).neighbors().getFirst();
  }

  /**
   * Measures anew what recall walks bring, on {@code queries} like those that will be asked; at
   * most 1,000 are used, and kept: as rows change, and when the index is optimized or saved, recall
   * is measured on them again. An index that is opened measures on its rows until it is told other
   * queries.
   *
   * @param queries {@code [q][d]}, at least 20
   * @throws IllegalArgumentException if the dimensions differ or there are too few
   */
  void calibrate(VectorSource queries);

  /**
   * Fits the codes to the rows of now and builds the graph anew; rows keep their numbers. Searches
   * go on meanwhile, insertions and deletions wait.
   */
  default void optimize() {
    optimize(BuildOptions.defaults());
  }

  /** Does the same with the threads, and under the eyes of the listener, of {@code options}. */
  void optimize(BuildOptions options);

  /**
   * Writes the index with its rows to a file; the target is replaced as a whole, so that a crash
   * leaves what was there before or all of the new. It holds the rows of one moment. Searches go on
   * meanwhile, and so do changes, except while links and codes are copied. Format: {@code
   * docs/formats/index.md}. {@link VectorIndex#open(Path)} opens it, too.
   */
  void save(Path target) throws IOException;

  /**
   * An index without rows.
   *
   * @param spec a graph, whose codes have 4 or 8 bits, such as {@code graph(r=32)}
   */
  static LiveIndex create(int dimension, Metric metric, String spec) {
    try (var none = VectorSource.of(new float[1][dimension])) {
      return over(none.slice(0, 0), metric, spec);
    }
  }

  /** An index that begins with copies of {@code rows}, which get the numbers 0, 1, and so on. */
  static LiveIndex over(VectorSource rows, Metric metric, String spec) {
    var parsed = IndexSpec.parse(spec);
    if (!(parsed instanceof GraphSpec)) {
      throw new IllegalArgumentException(
          "rows come and go in graphs alone: index=%s; name one, such as graph(r=64)"
              .formatted(parsed));
    }
    return over(VectorIndex.over(rows, metric, parsed));
  }

  /** An index that begins with a copy of another; row {@code r} gets the number {@code r}. */
  static LiveIndex over(VectorIndex index) {
    return new OpenLiveIndex(Backends.live(index.data(), null));
  }

  /**
   * Reads a file that {@link #save} wrote, all of it, with its checksums.
   *
   * @throws VectorDataException naming what is damaged or missing
   */
  static LiveIndex open(Path file) throws IOException {
    var opened = IndexFile.open(file, null, List.of());
    opened.verifyChecksums();
    var numbers = opened.parts().get(IndexFile.NUMBERS);
    if (numbers == null) {
      throw new VectorDataException(
          "a live index must have the numbers of its rows: file=%s, found=%s; open it as a VectorIndex, and begin a live one from that"
              .formatted(file, opened.parts().keySet()));
    }
    return new OpenLiveIndex(Backends.live(opened.data(), numbers));
  }
}
