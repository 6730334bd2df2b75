package dev.kith.cli.bench;

import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.Work;
import java.util.List;

/**
 * Answers of one pass over all queries, and the times of the timed searches.
 *
 * @param pass answers of all queries, once
 * @param passes number of searches made for the queries
 */
record Timing(
    Answers pass,
    long queries,
    double passes,
    double seconds,
    double cpuSeconds,
    List<Long> sortedNanos) {

  /** Answers in the order of the queries. */
  List<Neighbors> answers() {
    return pass.neighbors();
  }

  /** Work of the pass. */
  Work work() {
    return pass.work();
  }

  /** Report of the pass. */
  SearchReport report() {
    return pass.report();
  }

  /** Percentile of the latency of a call: of a whole batch, or of a client's query. */
  double percentile(double share) {
    int rank = (int) Math.ceil(share * sortedNanos.size()) - 1;
    return sortedNanos.get(Math.max(rank, 0)) / 1e3;
  }
}
