package dev.kith.cuda.exact;

import java.util.List;

/** What a search counts for its report, and the clock that measures it. For one thread. */
final class Tally {
  final SearchClock clock;

  /** Keys computed. */
  long candidates;

  /** Queries that a scan could not answer. */
  long fallbacks;

  /** Queries that were scanned again, without limits that had excluded too little. */
  long again;

  /** Rows that kernels were launched to look at, among those let through, once for each query. */
  long rowsRead;

  private boolean scanned;
  private boolean direct;

  Tally(SearchClock clock) {
    this.clock = clock;
  }

  /** Codes are scanned. */
  void scans() {
    scanned = true;
  }

  /** Keys of all rows are computed without a scan. */
  void skipsTheScan() {
    direct = true;
  }

  /** What excluded rows. */
  List<String> bounds() {
    if (!scanned) {
      return List.of("float64");
    }
    return fallbacks > 0 || direct ? List.of("float64", "int8") : List.of("int8");
  }
}
