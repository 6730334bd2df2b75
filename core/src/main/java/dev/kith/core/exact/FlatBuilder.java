package dev.kith.core.exact;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.IndexBuilder;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;

/**
 * Builder of flat indexes: codes the shadow, if the spec names one.
 *
 * @param spec spec of the index
 */
public record FlatBuilder(IndexSpec.Flat spec) implements IndexBuilder {
  @Override
  public FlatData build(VectorSource rows, Metric metric, BuildOptions options) {
    var quantizer = spec.shadow();
    return new FlatData(
        rows, metric, quantizer == null ? null : quantizer.encode(rows, metric, options));
  }
}
