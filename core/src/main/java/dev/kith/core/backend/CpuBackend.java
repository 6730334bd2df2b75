package dev.kith.core.backend;

import dev.kith.core.exact.ExactScan;
import dev.kith.core.exact.FlatBuilder;
import dev.kith.core.exact.FlatData;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.search.IndexBuilder;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.Searcher;
import dev.kith.core.spec.IndexSpec;
import org.jspecify.annotations.Nullable;

/**
 * What all backends of a processor have in common: they search and build the same kinds of indexes,
 * each with loops of its own.
 */
public abstract class CpuBackend implements Backend {
  /** For subclasses. */
  protected CpuBackend() {}

  /** The loops to run; asked only where the probe said yes. */
  protected abstract Kernels kernels();

  @Override
  public @Nullable Searcher searcher(IndexData data) {
    return data instanceof FlatData flat ? new ExactScan(kernels(), name(), flat) : null;
  }

  @Override
  public @Nullable IndexBuilder builder(IndexSpec spec) {
    return spec instanceof IndexSpec.Flat flat ? new FlatBuilder(flat) : null;
  }
}
