package dev.kith.core.ivf;

import dev.kith.core.search.PartCheck;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.Workers;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Check of lists against their rows: each row is in one list, no row is farther from its list's
 * centre than the radius, every code is that of its row. Reads everything, on all cores.
 */
final class ListCheck {
  private final VectorSource rows;
  private final ListOrder order;
  private final ListSpace space;
  private final ListPart part;

  ListCheck(VectorSource rows, ListOrder order, ListSpace space, ListPart part) {
    this.rows = rows;
    this.order = order;
    this.space = space;
    this.part = part;
  }

  void check(ListCodes codes) {
    checkRows();
    checkRadii();
    long position = codes.firstDifference();
    if (position >= 0) {
      int list = Arrays.binarySearch(codes.positions(), position);
      list = list >= 0 ? list : -list - 2;
      int within = (int) (position - codes.positions()[list]);
      throw new VectorDataException(
          "codes must be of these rows: rows=%s, list=%d, rows from %d on have other codes; the rows were changed or the index is damaged: %s"
              .formatted(
                  rows.name(), list, order.row(order.first(list) + within), PartCheck.ADVICE));
    }
  }

  private void checkRows() {
    var seen = new BitSet(order.rows());
    for (int list = 0; list < order.lists(); list++) {
      int before = -1;
      for (int i = 0; i < order.size(list); i++) {
        int row = order.row(order.first(list) + i);
        if (row <= before || seen.get(row)) {
          throw new VectorDataException(
              "each row must be in one list, and rows of a list must ascend: rows=%s, list=%d, row %d behind %d; %s"
                  .formatted(rows.name(), list, row, before, PartCheck.ADVICE));
        }
        seen.set(row);
        before = row;
      }
    }
  }

  private void checkRadii() {
    var radii = part.radii();
    var first = new AtomicLong(Long.MAX_VALUE);
    Workers.forEach(
        order.lists(),
        list -> {
          var centre = new float[part.dimension()];
          part.centre((int) list, centre);
          float radius = ListBuilder.radius(rows, order, space, (int) list, centre);
          if (!(radius <= radii[(int) list])) {
            first.accumulateAndGet(list, Math::min);
          }
        });
    if (first.get() < Long.MAX_VALUE) {
      throw new VectorDataException(
          "rows must lie within the radius of their list: rows=%s, list=%d, radius=%s; the rows were changed or the index is damaged: %s"
              .formatted(rows.name(), first.get(), radii[(int) first.get()], PartCheck.ADVICE));
    }
  }
}
