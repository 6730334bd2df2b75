package dev.kith.cli.bench;

import dev.kith.core.search.ExpectedRecall;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.Work;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Answers of one pass over all queries, and what the reports of its searches say together. */
final class Answers {
  private final List<Neighbors> neighbors = new ArrayList<>();
  private final List<ExpectedRecall> expected = new ArrayList<>();
  private Work work = Work.NONE;
  private boolean proved = true;
  private @Nullable SearchReport last;

  /** Adds the answers of a search. */
  void add(SearchResult result) {
    last = result.report();
    int queries = result.neighbors().size();
    neighbors.addAll(result.neighbors());
    work = work.plus(last.work());
    proved &= last.proved();
    var recall = last.expectedRecall();
    if (recall != null) {
      expected.addAll(Collections.nCopies(queries, recall));
    }
  }

  /** Answers in the order of the queries. */
  List<Neighbors> neighbors() {
    return neighbors;
  }

  /** Work of all searches. */
  Work work() {
    return work;
  }

  /**
   * Report of all searches: proved if each was, with the recall that is expected on the average of
   * the queries, or none if one expected none.
   */
  SearchReport report() {
    return Objects.requireNonNull(last, "no search was made")
        .withProved(proved)
        .withExpectedRecall(
            expected.size() == neighbors.size() ? ExpectedRecall.mean(expected) : null);
  }
}
