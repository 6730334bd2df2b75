package dev.kith.cuda.exact;

import dev.kith.core.backend.Backend;
import dev.kith.core.exact.FlatData;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.Searcher;
import dev.kith.cuda.SharedGpu;
import org.jspecify.annotations.Nullable;

/** The CUDA backend, with its tuning varied. */
record TunedBackend(Tuning tuning) implements Backend {
  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public int priority() {
    return 300;
  }

  @Override
  public Probe probe() {
    return new Probe(true, SharedGpu.get().toString());
  }

  @Override
  public @Nullable Searcher searcher(IndexData data) {
    return new CudaExactSearch(SharedGpu.get(), this, (FlatData) data, tuning);
  }
}
