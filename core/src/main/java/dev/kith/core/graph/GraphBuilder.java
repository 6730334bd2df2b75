package dev.kith.core.graph;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.RowCodes;
import dev.kith.core.search.IndexBuilder;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.Arena;

/**
 * Builder of graph indexes: codes the rows, builds the graph, links what it does not reach, and
 * measures what walks through it find.
 *
 * @param spec spec of the index
 * @param kernels loops to build with
 */
@SuppressWarnings("exports") // only Kith's own modules bring loops
public record GraphBuilder(GraphSpec spec, Kernels kernels) implements IndexBuilder {
  @Override
  public GraphData build(VectorSource rows, Metric metric, BuildOptions options) {
    boolean chosen = spec.codes() == GraphSpec.Codes.AUTO;
    int bits = spec.codes() == GraphSpec.Codes.INT8 ? 8 : 4;
    var codes = encode(rows, metric, bits, chosen ? options.into(Arena.ofAuto()) : options);
    var sample = CalibrationSample.ofRows(rows, metric, spec.seed(), kernels, options);
    if (chosen) {
      codes =
          CodeChoice.fourBitsDo(codes, sample, kernels)
              ? copy(codes, rows, metric, options.arena())
              : encode(rows, metric, 8, options);
    }
    var kernel = kernels.codes();
    var settings =
        new GraphSettings(
            spec.degree(), spec.width(), (float) spec.alpha(), spec.passes(), spec.seed());
    var built = new InsertBuilder(codes, kernel, settings, options).build();
    var pivots = new Reach(built.graph(), built.pivots(), codes, kernel).link();
    var curve =
        new Calibration(rows, metric, codes, built.graph(), pivots, kernels)
            .curve(sample, spec.seed(), options);
    return GraphData.of(rows, metric, spec, codes, built.graph(), pivots, curve, options.arena());
  }

  private RowCodes encode(VectorSource rows, Metric metric, int bits, BuildOptions options) {
    return RowCodes.encode(rows, metric, bits, spec.seed(), options);
  }

  private static RowCodes copy(RowCodes codes, VectorSource rows, Metric metric, Arena arena) {
    var body = arena.allocate(codes.body().byteSize(), 64).copyFrom(codes.body());
    return RowCodes.open(body, codes.bits(), metric, rows.dimension(), codes.size());
  }
}
