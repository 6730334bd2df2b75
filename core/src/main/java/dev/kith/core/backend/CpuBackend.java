package dev.kith.core.backend;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatBuilder;
import dev.kith.core.exact.FlatData;
import dev.kith.core.graph.DiskGraphData;
import dev.kith.core.graph.DiskGraphSearcher;
import dev.kith.core.graph.GraphBuilder;
import dev.kith.core.graph.GraphData;
import dev.kith.core.graph.GraphSearcher;
import dev.kith.core.graph.LiveGraph;
import dev.kith.core.ivf.ListBuilder;
import dev.kith.core.ivf.ListData;
import dev.kith.core.ivf.ListSearcher;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.search.IndexBuilder;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.LiveSearcher;
import dev.kith.core.search.Searcher;
import dev.kith.core.spec.AutoSpec;
import dev.kith.core.spec.GraphSpec;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.spec.ListSpec;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Base of the backends that run on the processor: they search and build the same kinds of indexes,
 * each with loops of its own.
 */
public abstract class CpuBackend implements Backend {
  /** Creates a backend; for subclasses. */
  protected CpuBackend() {}

  /** Loops to run; called only if the probe found the backend usable. */
  @SuppressWarnings("exports") // only Kith's own modules bring loops
  protected abstract Kernels kernels();

  @Override
  public @Nullable Searcher searcher(IndexData data) {
    return switch (data) {
      case FlatData flat -> new ExactScan(kernels(), name(), flat);
      case GraphData graph -> new GraphSearcher(kernels(), name(), graph);
      case DiskGraphData graph -> new DiskGraphSearcher(kernels(), name(), graph);
      case ListData lists -> new ListSearcher(kernels(), name(), lists);
      default -> null;
    };
  }

  @Override
  public @Nullable LiveSearcher live(IndexData data, @Nullable MemorySegment numbers) {
    if (!(data instanceof GraphData graph)) {
      return null;
    }
    return numbers == null
        ? new LiveGraph(kernels(), name(), graph)
        : new LiveGraph(kernels(), name(), graph, numbers);
  }

  @Override
  public @Nullable IndexBuilder builder(IndexSpec spec) {
    return switch (spec) {
      case AutoSpec auto -> new AutoBuilder(auto);
      case IndexSpec.Flat flat -> new FlatBuilder(flat);
      case GraphSpec graph -> new GraphBuilder(graph, kernels());
      case ListSpec lists -> new ListBuilder(lists, kernels());
      default -> null;
    };
  }
}
