package dev.kith.core.graph;

import dev.kith.core.exact.CalibrationSample;
import dev.kith.core.metric.Metric;
import dev.kith.core.search.Predecessor;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Builds a graph from those of older indexes: the one that has most of the rows keeps its links,
 * past rows that are gone, and the other rows are inserted, guided by the links that they had.
 */
final class MergeBuilder {
  /** Share of the rows, one in {@code LEAST_SHARE}, that an older graph must have to be kept. */
  private static final int LEAST_SHARE = 8;

  /** Rows below which a graph is built anew, for that costs nothing. */
  private static final int LEAST_ROWS = 1000;

  /** Candidates of a pruning, as a multiple of the degree of the older graph. */
  private static final int CANDIDATES = 4;

  /** Rows whose links are taken over as one unit of work. */
  private static final int UNIT = 256;

  private final CodedRows rows;
  private final GraphSettings settings;
  private final BuildOptions options;

  MergeBuilder(CodedRows rows, GraphSettings settings, BuildOptions options) {
    this.rows = rows;
    this.settings = settings;
    this.options = options;
  }

  /**
   * An older graph.
   *
   * @param numbers of its rows among the new ones, or {@link Graph#NONE} of those that are gone
   * @param kept how many are not gone
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Older(Graph graph, int[] numbers, int kept) {
    /** The same with numbers of the new rows mapped. */
    Older renumbered(IntUnaryOperator map) {
      return of(
          graph,
          Arrays.stream(numbers).map(row -> row < 0 ? Graph.NONE : map.applyAsInt(row)).toArray());
    }

    static Older of(Graph graph, int[] numbers) {
      int kept = (int) Arrays.stream(numbers).filter(row -> row >= 0).count();
      return new Older(graph, numbers, kept);
    }
  }

  /**
   * The graphs among older indexes, that with most rows first.
   *
   * @param size number of the new rows
   * @throws IllegalArgumentException if a map leads to no row, or two rows to one, or if an older
   *     index has another metric
   */
  static List<Older> graphs(List<Predecessor> older, Metric metric, int size) {
    var graphs = new ArrayList<Older>();
    var taken = new boolean[size];
    for (var each : older) {
      if (each.data().metric() != metric) {
        throw new IllegalArgumentException(
            "an older index must have the metric of the new one: older=%s, new=%s"
                .formatted(each.data().metric(), metric));
      }
      var numbers = new int[Math.toIntExact(each.data().rows().size())];
      for (int row = 0; row < numbers.length; row++) {
        long number = each.rowOf().applyAsLong(row);
        if (number >= size || (number >= 0 && taken[(int) number])) {
          throw new IllegalArgumentException(
              "rows of older indexes must be different rows of the new one: index=%s, row=%d, found=%d, %s"
                  .formatted(
                      each.data().spec(),
                      row,
                      number,
                      number >= size ? "of %d rows".formatted(size) : "which another row is"));
        }
        numbers[row] = number < 0 ? Graph.NONE : (int) number;
        if (number >= 0) {
          taken[(int) number] = true;
        }
      }
      if (each.data() instanceof GraphData data) {
        graphs.add(Older.of(data.graph(), numbers));
      }
    }
    graphs.sort(Comparator.comparingInt((Older graph) -> -graph.kept));
    return List.copyOf(graphs);
  }

  /** Whether the largest of some graphs is worth keeping. */
  static boolean pays(List<Older> graphs, int size) {
    return size >= LEAST_ROWS
        && !graphs.isEmpty()
        && (long) graphs.getFirst().kept * LEAST_SHARE >= size;
  }

  /** Builds the graph of all rows. */
  InsertBuilder.Built build(List<Older> graphs) {
    int size = rows.size();
    var first = graphs.getFirst();
    var order = order(first, size);
    var pivots = Arrays.copyOf(order, Pivots.count(size));
    try (var linker = new Linker(rows, settings, options)) {
      inherit(first, linker);
      var entry = Pivots.of(pivots, rows);
      var builder = new InsertBuilder(rows, settings, options, guide(graphs, size));
      for (int pass = 0; pass < settings.passes(); pass++) {
        builder.insert(linker, entry, order, first.kept, pass);
      }
      var spread = CalibrationSample.permutation(size, settings.seed());
      return new InsertBuilder.Built(linker.finish(), Arrays.copyOf(spread, pivots.length));
    }
  }

  /** Names what rows were linked to in graphs other than the first. */
  private static InsertBuilder.@Nullable Guide guide(List<Older> graphs, int size) {
    if (graphs.size() < 2) {
      return null;
    }
    var graphOf = new int[size];
    var rowOf = new int[size];
    int most = 0;
    for (int i = 1; i < graphs.size(); i++) {
      var older = graphs.get(i);
      most = Math.max(most, older.graph.degree());
      for (int row = 0; row < older.numbers.length; row++) {
        if (older.numbers[row] != Graph.NONE) {
          graphOf[older.numbers[row]] = i;
          rowOf[older.numbers[row]] = row;
        }
      }
    }
    int degree = most;
    return new InsertBuilder.Guide() {
      @Override
      public int most() {
        return degree;
      }

      @Override
      public int near(int row, int[] into) {
        if (graphOf[row] == 0) {
          return 0;
        }
        var older = graphs.get(graphOf[row]);
        int count = older.graph.neighbours(rowOf[row], into);
        int kept = 0;
        for (int i = 0; i < count; i++) {
          int number = older.numbers[into[i]];
          if (number != Graph.NONE) {
            into[kept++] = number;
          }
        }
        return kept;
      }
    };
  }

  /** All rows at random, those of a graph first. */
  private int[] order(Older first, int size) {
    var has = new boolean[size];
    for (int row : first.numbers) {
      if (row >= 0) {
        has[row] = true;
      }
    }
    var order = new int[size];
    int old = 0;
    int fresh = first.kept;
    for (int row : CalibrationSample.permutation(size, settings.seed())) {
      order[has[row] ? old++ : fresh++] = row;
    }
    return order;
  }

  /** Takes over links, past rows that are gone. */
  private void inherit(Older older, Linker linker) {
    var graph = older.graph;
    var scorers = rows.scorers();
    IntUnaryOperator number = row -> older.numbers[row];
    Workers.forEach(
        (graph.size() + UNIT - 1) / UNIT,
        options.threads(),
        options.progress(),
        unit -> {
          var line = new int[graph.degree()];
          var candidates = new int[Math.max(CANDIDATES * graph.degree(), settings.degree())];
          var chosen = new int[settings.degree()];
          var heirs = new Heirs(graph);
          var pruner = new Pruner(scorers, settings.alpha(), candidates.length);
          int end = Math.min(graph.size(), (int) (unit + 1) * UNIT);
          for (int row = (int) unit * UNIT; row < end; row++) {
            int own = older.numbers[row];
            if (own != Graph.NONE) {
              int count = graph.neighbours(row, line);
              int found = heirs.collect(own, line, count, number, number, candidates);
              if (found <= settings.degree()) {
                linker.working().setNeighbours(own, candidates, found);
              } else {
                int kept = pruner.prune(own, candidates, found, settings.degree(), true, chosen);
                linker.working().setNeighbours(own, chosen, kept);
              }
            }
          }
        });
  }
}
