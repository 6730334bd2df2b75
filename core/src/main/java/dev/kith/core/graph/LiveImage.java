package dev.kith.core.graph;

import dev.kith.core.metric.Metric;
import dev.kith.core.quant.CodeChunks;
import dev.kith.core.quant.RowCodes;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * A live graph as it was at one moment, by the places of its rows in ascending order of their
 * slots. Codes and links are copies; rows are read where they lie.
 */
final class LiveImage {
  private final VectorSource rows;
  private final RowCodes codes;
  private final Graph lines;
  private final int[] pivots;
  private final LiveNumbers numbers;

  private LiveImage(
      VectorSource rows, RowCodes codes, Graph lines, int[] pivots, LiveNumbers numbers) {
    this.rows = rows;
    this.codes = codes;
    this.lines = lines;
    this.pivots = pivots;
    this.numbers = numbers;
  }

  /**
   * Copies a graph that nobody changes meanwhile.
   *
   * @param used slots that were ever used
   * @param slots of the rows that are there, ascending
   * @param pivots slots that walks begin from
   */
  static LiveImage of(
      LiveRows rows, int used, int[] slots, CodeChunks codes, LinkChunks links, int[] pivots) {
    var numbers = LiveNumbers.of(used, Arena.ofAuto());
    for (int slot = 0; slot < used; slot++) {
      numbers.set(slot, rows.uses(slot), rows.live(slot));
    }
    var places = new int[used];
    Arrays.fill(places, Graph.NONE);
    for (int i = 0; i < slots.length; i++) {
      places[slots[i]] = i;
    }
    int room = links.degree();
    var table = Arena.ofAuto().allocate(4L * room * slots.length, 64);
    var lines = new Graph(table, slots.length, room);
    var line = new int[room];
    for (int i = 0; i < slots.length; i++) {
      lines.setNeighbours(i, line, place(line, links.neighbours(slots[i], line), places));
    }
    var entered = pivots.clone();
    int count = place(entered, entered.length, places);
    return new LiveImage(
        rows.pick(slots),
        codes.pick(slots, Arena.ofAuto()),
        lines,
        Arrays.copyOf(entered, count),
        numbers);
  }

  /** Puts places for slots, without those that have none; returns their number. */
  private static int place(int[] slots, int count, int[] places) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      int place = places[slots[i]];
      if (place != Graph.NONE) {
        slots[kept++] = place;
      }
    }
    return kept;
  }

  /** Numbers of the rows. */
  LiveNumbers numbers() {
    return numbers;
  }

  /**
   * Prunes lines to the degree, and links what that cut off.
   *
   * @return index that has not measured what walks find
   */
  GraphData finish(GraphBuilder builder, Metric metric, BuildOptions options) {
    var all = new int[lines.size()];
    Arrays.setAll(all, i -> i);
    var coded = CodedRows.of(codes, builder.kernels());
    var settings = builder.settings(builder.spec().degree());
    try (var linker = new Linker(coded, settings, options)) {
      linker.working().links().copyFrom(lines.links());
      var built = new InsertBuilder.Built(linker.finish(), pivots);
      return builder.finish(rows, metric, codes, built, all, options);
    }
  }
}
