package dev.kith.core.exact;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.IndexBuilder;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;

/**
 * Codes the shadow of a flat index, if it has one.
 *
 * @param spec says which
 */
public record FlatBuilder(IndexSpec.Flat spec) implements IndexBuilder {
  @Override
  public FlatData build(VectorSource rows, Metric metric, BuildOptions options) {
    var quantizer = spec.shadow();
    return new FlatData(
        rows, metric, quantizer == null ? null : quantizer.encode(rows, metric, options));
  }
}
