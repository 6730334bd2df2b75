package dev.kith.core.search;

import dev.kith.core.metric.Metric;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A searcher that owns its rows, which come and go while it searches. Each row has a number that no
 * other row of it ever gets. Safe for many threads.
 */
public interface LiveSearcher extends Searcher {
  /** Name of the backend whose loops it runs, as reports give it. */
  String backend();

  /** Metric by which rows are near. */
  Metric metric();

  /** Kind of the index with its parameters. */
  IndexSpec spec();

  /** Elements of a row. */
  int dimension();

  /** Number of rows that can be found. */
  int size();

  /**
   * Adds a row, which searches that begin later find.
   *
   * @param row {@code [d]}, copied
   * @return number of the row
   * @throws IllegalArgumentException if the dimension differs or an element is not finite
   */
  long insert(float[] row);

  /**
   * Deletes a row: searches that begin later do not find it.
   *
   * @param number as {@link #insert} or a search gave it
   * @return whether there was such a row
   */
  boolean delete(long number);

  /** Copy of the row {@code number}, or null if there is none. */
  float @Nullable [] row(long number);

  /**
   * The nearest rows that are {@code allowed}, by their numbers.
   *
   * @param allowed rows that may be returned, or null for all
   */
  SearchResult search(VectorSource queries, SearchOptions options, @Nullable LongPredicate allowed);

  /**
   * Measures anew what recall walks bring, on {@code queries}, and on them again from time to time
   * as rows change.
   *
   * @param queries {@code [q][d]}, like those that will be asked
   * @throws IllegalArgumentException if the dimensions differ or there are too few
   */
  void calibrate(VectorSource queries, BuildOptions options);

  /** Builds the index anew for the rows of now; they keep their numbers, and searches go on. */
  void optimize(BuildOptions options);

  /**
   * Receives a live index as it is at one moment.
   *
   * @see #image
   */
  interface ImageReader {
    /**
     * Reads an image, which is good until this returns.
     *
     * @param data rows in ascending order of the slots that they lie in, with what was built of
     *     them
     * @param numbers of the rows, as {@code docs/formats/graph.md} draws them
     */
    void read(IndexData data, MemorySegment numbers) throws IOException;
  }

  /**
   * Shows this index as one that does not change. Searches go on meanwhile, and so do changes,
   * except while its links are copied.
   */
  void image(BuildOptions options, ImageReader reader) throws IOException;
}
