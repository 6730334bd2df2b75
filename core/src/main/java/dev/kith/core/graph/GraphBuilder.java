package dev.kith.core.graph;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.RowCodes;
import dev.kith.core.search.IndexBuilder;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;

/**
 * Builder of graph indexes: codes the rows, builds the graph, and links what it does not reach.
 *
 * @param spec spec of the index
 * @param kernels loops to build with
 */
@SuppressWarnings("exports") // only Kith's own modules bring loops
public record GraphBuilder(GraphSpec spec, Kernels kernels) implements IndexBuilder {
  @Override
  public GraphData build(VectorSource rows, Metric metric, BuildOptions options) {
    var codes =
        RowCodes.encode(
            rows, metric, spec.codes() == GraphSpec.Codes.INT4 ? 4 : 8, spec.seed(), options);
    var kernel = kernels.codes();
    var settings =
        new GraphSettings(
            spec.degree(), spec.width(), (float) spec.alpha(), spec.passes(), spec.seed());
    var built = new InsertBuilder(codes, kernel, settings, options).build();
    var pivots = new Reach(built.graph(), built.pivots(), codes, kernel).link();
    return GraphData.of(rows, metric, spec, codes, built.graph(), pivots, options.arena());
  }
}
