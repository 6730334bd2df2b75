package dev.kith.core.backend;

import dev.kith.core.metric.Metric;
import dev.kith.core.search.IndexBuilder;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.Predecessor;
import dev.kith.core.spec.AutoSpec;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.List;

/** Builds the index that {@code auto} chooses for the number of rows, on the best backend. */
record AutoBuilder(AutoSpec spec) implements IndexBuilder {
  private IndexBuilder chosen(VectorSource rows) {
    return Backends.builderOf(spec.chosenFor(rows.size()));
  }

  @Override
  public IndexData build(VectorSource rows, Metric metric, BuildOptions options) {
    return chosen(rows).build(rows, metric, options);
  }

  @Override
  public IndexData build(
      VectorSource rows, Metric metric, List<Predecessor> older, BuildOptions options) {
    return chosen(rows).build(rows, metric, older, options);
  }
}
