package dev.kith.core.graph;

import dev.kith.core.exact.CalibrationSample;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.Picks;
import dev.kith.core.quant.RowCodes;
import java.util.stream.IntStream;

/** Choice between codes of four and eight bits, by how well four rank what lies near. */
final class CodeChoice {
  /** Queries that are looked at, at most. */
  private static final int QUERIES = 200;

  /** Rows of an exact answer that are to be among the {@link #BEST} by estimates. */
  private static final int WANTED = 10;

  /** Best rows by estimates, which every search scores exactly. */
  private static final int BEST = GraphSearcher.scored(WANTED, 0);

  /** Rows of an exact answer that are ranked. */
  private static final int RANKED = 100;

  /** Share of the wanted rows that must be found for four bits to do. */
  private static final double ENOUGH = 0.99;

  private CodeChoice() {}

  /** Whether codes of four bits rank the exact answers of a sample well enough. */
  static boolean fourBitsDo(RowCodes codes, CalibrationSample sample, Kernels kernels) {
    return share(codes, sample, kernels) >= ENOUGH;
  }

  /** Share of the wanted rows of a sample that are among the best by estimates. */
  static double share(RowCodes codes, CalibrationSample sample, Kernels kernels) {
    var scorer = codes.scorers(kernels).scorer();
    var picks = new Picks(RANKED);
    long found = 0;
    long wanted = 0;
    for (var query : sample.queries().subList(0, Math.min(QUERIES, sample.queries().size()))) {
      int count = Math.min(RANKED, query.truth().size());
      for (int rank = 0; rank < count; rank++) {
        picks.rows()[rank] = (int) query.truth().row(rank);
      }
      scorer.setQuery(query.values());
      scorer.estimate(picks, count);
      var estimates = picks.estimates();
      for (int rank = 0; rank < Math.min(WANTED, count); rank++) {
        float own = estimates[rank];
        long better = IntStream.range(0, count).filter(i -> estimates[i] < own).count();
        found += better < BEST ? 1 : 0;
        wanted++;
      }
    }
    return wanted == 0 ? 1 : found / (double) wanted;
  }
}
