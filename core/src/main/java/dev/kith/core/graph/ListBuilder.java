package dev.kith.core.graph;

import dev.kith.core.exact.CalibrationSample;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * Builds a graph from lists of each row's nearest rows: they are pruned to different directions and
 * linked back, as an insertion's candidates are.
 */
final class ListBuilder {
  /*
   * Implementation notes
   *
   * Skeleton. Nearest rows alone make a graph of islands: on 200 clusters no width finds what lies
   * in a cluster that walks do not begin in. Insertion has no such trouble, since its first rows
   * are far apart and keep their links. So one row in SHARE, the pivots among them, is inserted
   * into a graph of its own first, and what it is linked to there joins the candidates; pruning
   * keeps what leads into another direction. It costs a few percent of the build.
   */

  /** Entries of a list are twice the degree, within these bounds. */
  private static final int LEAST_LENGTH = 32;

  private static final int MOST_LENGTH = 64;

  /** Share of the rows, one in {@code SHARE}, that the skeleton has. */
  private static final int SHARE = 16;

  /** Rows pruned as one unit of work. */
  private static final int UNIT = 64;

  private final CodedRows rows;
  private final GraphSettings settings;
  private final BuildOptions options;

  ListBuilder(CodedRows rows, GraphSettings settings, BuildOptions options) {
    this.rows = rows;
    this.settings = settings;
    this.options = options;
  }

  /** Empty lists of the length that suits the settings. */
  NearestLists lists() {
    int length = Math.clamp(2L * settings.degree(), LEAST_LENGTH, MOST_LENGTH);
    return new NearestLists(rows.size(), Math.clamp(rows.size() - 1L, 1, length));
  }

  /** Links what is on the lists. */
  InsertBuilder.Built build(NearestLists lists) {
    int size = rows.size();
    var order = CalibrationSample.permutation(size, settings.seed());
    var pivots = Arrays.copyOf(order, Pivots.count(size));
    var chosen = Arrays.copyOf(order, Math.max(pivots.length, size / SHARE));
    var skeleton =
        new InsertBuilder(rows.some(chosen), settings, options.into(Arena.ofAuto())).build();
    var places = new int[size];
    Arrays.fill(places, -1);
    for (int i = 0; i < chosen.length; i++) {
      places[chosen[i]] = i;
    }
    var links = new int[size][];
    var scorers = rows.scorers();
    int most = lists.length() + settings.degree();
    Workers.forEach(
        (size + UNIT - 1) / UNIT,
        options,
        () -> new Pruner(scorers, settings.alpha(), most),
        (pruner, unit) -> {
          var candidates = new int[most];
          var kept = new int[settings.degree()];
          for (int row = (int) unit * UNIT; row < Math.min(size, (unit + 1) * UNIT); row++) {
            int count = lists.count(row);
            for (int i = 0; i < count; i++) {
              candidates[i] = lists.other(row, i);
            }
            if (places[row] >= 0) {
              int listed = count;
              for (int link : skeleton.graph().neighbours(places[row])) {
                if (!Linker.contains(candidates, listed, chosen[link])) {
                  candidates[count++] = chosen[link];
                }
              }
            }
            int some = pruner.prune(row, candidates, count, settings.chosen(), false, kept);
            links[row] = Arrays.copyOf(kept, some);
          }
        });
    try (var linker = new Linker(rows, settings, options)) {
      var identity = new int[size];
      Arrays.setAll(identity, i -> i);
      linker.apply(identity, 0, links);
      return new InsertBuilder.Built(linker.finish(), pivots);
    }
  }
}
