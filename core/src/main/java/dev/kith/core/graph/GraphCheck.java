package dev.kith.core.graph;

import dev.kith.core.quant.WalkCodes;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.Workers;
import java.util.Arrays;
import java.util.HashSet;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Check of a graph against its rows: every link leads to another row, none twice; every code is
 * that of its row; the links reach what the header says. Reads everything, on all cores.
 */
final class GraphCheck {
  /** Rows checked as one unit of work. */
  private static final int UNIT = 1024;

  private static final String ADVICE = "restore the index, or build it again";

  private final VectorSource rows;
  private final Graph graph;

  GraphCheck(VectorSource rows, Graph graph) {
    this.rows = rows;
    this.graph = graph;
  }

  /**
   * Checks links, pivots, rows reached and codes, in this order.
   *
   * @param pivots rows that the part lists
   * @param entered rows that walks may begin from
   */
  void check(int[] pivots, int[] entered, int reached, WalkCodes codes) {
    checkLinks();
    var seen = new HashSet<Integer>();
    for (int pivot : pivots) {
      if (!seen.add(pivot)) {
        throw new VectorDataException(
            "pivots must differ: rows=%s, row %d is one twice; %s"
                .formatted(rows.name(), pivot, ADVICE));
      }
    }
    int found = Reach.reached(graph, entered).cardinality();
    if (found != reached) {
      throw new VectorDataException(
          "links must reach what was counted: rows=%s, expected=%d rows, found=%d; %s"
              .formatted(rows.name(), reached, found, ADVICE));
    }
    long other = codes.firstDifference(rows);
    if (other >= 0) {
      throw new VectorDataException(
          "codes must be of these rows: rows=%s, row %d has another code; the rows were changed or the index is damaged: %s"
              .formatted(rows.name(), other, ADVICE));
    }
  }

  private void checkLinks() {
    int size = graph.size();
    var first = new AtomicLong(Long.MAX_VALUE);
    Workers.forEach(
        (size + UNIT - 1) / UNIT,
        unit -> {
          var links = new int[graph.degree()];
          var sorted = new int[graph.degree()];
          for (int row = (int) unit * UNIT; row < Math.min(size, (unit + 1) * UNIT); row++) {
            if (fault(row, links, sorted) != null) {
              first.accumulateAndGet(row, Math::min);
              return;
            }
          }
        });
    if (first.get() < Long.MAX_VALUE) {
      int row = (int) first.get();
      throw new VectorDataException(
          "links must lead to other rows: rows=%s, row %d %s; %s"
              .formatted(
                  rows.name(),
                  row,
                  fault(row, new int[graph.degree()], new int[graph.degree()]),
                  ADVICE));
    }
  }

  /** What is wrong with the links of a row, or null. */
  private @Nullable String fault(int row, int[] links, int[] sorted) {
    int count = graph.neighbours(row, links);
    for (int i = 0; i < count; i++) {
      if (links[i] < 0 || links[i] >= graph.size()) {
        return "has a link to row %s of %d"
            .formatted(Integer.toUnsignedString(links[i]), graph.size());
      }
      if (links[i] == row) {
        return "has a link to itself";
      }
      sorted[i] = links[i];
    }
    Arrays.sort(sorted, 0, count);
    for (int i = 1; i < count; i++) {
      if (sorted[i] == sorted[i - 1]) {
        return "has two links to row %d".formatted(sorted[i]);
      }
    }
    return null;
  }
}
