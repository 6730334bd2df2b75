package dev.kith.core.graph;

import dev.kith.core.exact.CalibrationSample;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.Picks;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.LeadingAxes;
import dev.kith.core.quant.RowCodes;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Choice of the codes that walks read, between four and eight bits and, if the spec lets it choose,
 * between all dimensions and some that a {@link LeadingAxes projection} leaves: the smallest that
 * rank well enough what lies near.
 */
final class CodeChoice {
  /** Queries that are looked at, at most. */
  private static final int QUERIES = 200;

  /**
   * Rows of an exact answer that are to be among the best by estimates that every search scores
   * exactly.
   */
  private static final int WANTED = 10;

  /** Rows of an exact answer that are ranked. */
  private static final int RANKED = 100;

  /** Share of the wanted rows that must be found for codes to do. */
  private static final double ENOUGH = 0.99;

  /** Most dimensions that a projection leaves; a query is multiplied with each of them. */
  private static final int MOST_AXES = 512;

  /** Bytes that projected codes save in all, at least, for each byte of the projection's matrix. */
  private static final int WORTH = 8;

  /** Codes that may be chosen. */
  private record Option(int bits, int axes) {
    long stride(int dimension) {
      return RowCodes.stride(bits, axes == 0 ? dimension : axes);
    }
  }

  private final GraphSpec spec;
  private final VectorSource rows;
  private final Metric metric;
  private final Kernels kernels;
  private final BuildOptions options;

  CodeChoice(
      GraphSpec spec, VectorSource rows, Metric metric, Kernels kernels, BuildOptions options) {
    this.spec = spec;
    this.rows = rows;
    this.metric = metric;
    this.kernels = kernels;
    this.options = options;
  }

  /** Whether there is a choice between codes of few bits, which a sample must make. */
  boolean needsSample() {
    return options().size() > 1;
  }

  /**
   * Chooses, and codes the rows.
   *
   * @param sample queries whose answers are ranked
   */
  RowCodes encode(List<CalibrationSample.Query> sample) {
    var all = options();
    int most = all.stream().mapToInt(Option::axes).max().orElse(0);
    var axes = most == 0 ? null : LeadingAxes.fit(rows, metric, most, spec.seed(), options);
    for (var option : all.subList(0, all.size() - 1)) {
      var codes = fit(option, axes);
      if (share(codes, rows, sample, kernels) >= ENOUGH) {
        return codes.encode(rows, options);
      }
    }
    return fit(all.getLast(), axes).encode(rows, options);
  }

  private RowCodes fit(Option option, @Nullable LeadingAxes axes) {
    return option.axes == 0 || axes == null
        ? RowCodes.fit(rows, metric, option.bits, spec.seed())
        : RowCodes.fit(rows, metric, option.bits, axes, option.axes, spec.seed());
  }

  /** What may be chosen, the smallest first; the last is taken if none before it does. */
  private List<Option> options() {
    int dimension = rows.dimension() + (metric == Metric.DOT ? 1 : 0);
    spec.requireFits(dimension);
    int given = spec.dimensions();
    var found = new ArrayList<Option>();
    for (int bits : bits()) {
      if (given > 0) {
        found.add(new Option(bits, given));
        continue;
      }
      var full = new Option(bits, 0);
      found.add(full);
      int unit = 512 / bits;
      if (given == GraphSpec.AUTO_DIMENSIONS) {
        for (int axes = unit; axes <= Math.min(MOST_AXES, dimension / 2); axes += unit) {
          var option = new Option(bits, axes);
          long saved = (full.stride(dimension) - option.stride(dimension)) * rows.size();
          if (saved >= (long) WORTH * axes * RowCodes.stride(4, dimension)) {
            found.add(option);
          }
        }
      }
    }
    found.sort(
        Comparator.<Option>comparingLong(option -> option.stride(dimension))
            .thenComparing(option -> option.axes > 0)
            .thenComparingInt(Option::bits));
    // What is larger than all dimensions in the most bits that are allowed would never be read.
    int last = found.indexOf(new Option(bits().getLast(), Math.max(given, 0)));
    return List.copyOf(found.subList(0, last + 1));
  }

  private List<Integer> bits() {
    return switch (spec.codes()) {
      case AUTO -> List.of(4, 8);
      case INT4 -> List.of(4);
      case INT8 -> List.of(8);
      case FLOAT16, FLOAT32 -> throw new IllegalStateException("floats are no codes of few bits");
    };
  }

  /** Share of the wanted rows of a sample that are among the best by estimates. */
  static double share(
      RowCodes fitted, VectorSource rows, List<CalibrationSample.Query> sample, Kernels kernels) {
    var queries = sample.subList(0, Math.min(QUERIES, sample.size()));
    var ranked =
        queries.stream()
            .flatMapToInt(
                query ->
                    IntStream.range(0, Math.min(RANKED, query.truth().size()))
                        .map(rank -> (int) query.truth().row(rank)))
            .toArray();
    var scorer = fitted.encode(rows, ranked).scorers(kernels).scorer();
    var picks = new Picks(RANKED);
    int best = Scored.ofAllDimensions().of(WANTED, 0); // what more are scored is to spare
    int at = 0;
    long found = 0;
    long wanted = 0;
    for (var query : queries) {
      int count = Math.min(RANKED, query.truth().size());
      for (int rank = 0; rank < count; rank++) {
        picks.rows()[rank] = at++;
      }
      scorer.setQuery(query.values());
      scorer.estimate(picks, count);
      var estimates = picks.estimates();
      for (int rank = 0; rank < Math.min(WANTED, count); rank++) {
        float own = estimates[rank];
        long better = IntStream.range(0, count).filter(i -> estimates[i] < own).count();
        found += better < best ? 1 : 0;
        wanted++;
      }
    }
    return wanted == 0 ? 1 : found / (double) wanted;
  }
}
