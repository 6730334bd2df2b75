package dev.kith.cli.bench;

import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.Work;
import java.util.List;

/**
 * Answers of one pass over all queries, and the times of the timed searches.
 *
 * @param passes number of searches made for the queries
 */
record Timing(
    List<Neighbors> answers,
    Work work,
    SearchReport report,
    long queries,
    double passes,
    double seconds,
    double cpuSeconds,
    List<Long> sortedNanos) {

  /** Percentile of the latency of a call: of a whole batch, or of a client's query. */
  double percentile(double share) {
    int rank = (int) Math.ceil(share * sortedNanos.size()) - 1;
    return sortedNanos.get(Math.max(rank, 0)) / 1e3;
  }
}
