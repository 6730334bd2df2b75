package dev.kith.lab.peers;

import dev.kith.core.search.Effort;
import java.util.List;

/**
 * One way to search, measured beside others over the same rows and queries. One thread calls it:
 * {@link #build} first, then searches, in any order.
 */
public interface Contestant extends AutoCloseable {

  /** Name for the reader, such as {@code hnswlib M=16}. */
  String name();

  /** Efforts to measure, the least first. */
  List<Effort> efforts();

  /**
   * Builds the index.
   *
   * @throws ContestantException if it cannot run; the message says why, and what to do
   */
  Built build() throws ContestantException;

  /**
   * Answers queries {@code from} to {@code to - 1}, one at a time, on one thread.
   *
   * @param effort one of {@link #efforts}
   * @throws ContestantException if it cannot go on; it is not asked again
   */
  Answer search(Effort effort, int from, int to) throws ContestantException;

  /** Frees what it holds; may be called more than once. */
  @Override
  void close();

  /**
   * What a build was.
   *
   * @param version version of what runs
   * @param cpuSeconds work of all threads
   * @param bytes bytes of the index, rows included
   */
  record Built(String version, double cpuSeconds, long bytes) {}

  /**
   * Answer to one piece.
   *
   * @param rows rows found for each query, nearest first, at most {@code k}
   * @param cpuSeconds work for exactly these queries
   */
  record Answer(List<long[]> rows, double cpuSeconds) {
    /** Copies the list. */
    public Answer {
      rows = List.copyOf(rows);
    }
  }
}
