package dev.kith.cuda;

import dev.kith.core.backend.Backend;
import dev.kith.core.exact.FlatData;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.Searcher;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.exact.CudaExactSearch;
import dev.kith.cuda.exact.DeviceCopies;
import org.jspecify.annotations.Nullable;

/**
 * An NVIDIA GPU through its driver. {@code -Dkith.cuda=off} switches it off, {@code
 * -Dkith.cuda.device=N} chooses another than the first, {@code -Dkith.cuda.budget=8g} (or {@code
 * 60%}) limits the device memory that is used.
 */
public final class CudaBackend implements Backend {
  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public String device() {
    return "gpu";
  }

  @Override
  public int priority() {
    return 300;
  }

  @Override
  public Probe probe() {
    try {
      return new Probe(true, Gpu.get().toString());
    } catch (CudaUnavailableException e) {
      return new Probe(false, e.reason(), !e.isAbsent());
    }
  }

  @Override
  public @Nullable Searcher searcher(IndexData data) {
    if (!(data instanceof FlatData flat)) {
      return null;
    }
    try {
      var search = new CudaExactSearch(Gpu.opened(), this, flat);
      DeviceCopies.add(search);
      return search;
    } catch (CudaUnavailableException e) {
      throw new IllegalStateException("the probe said no: " + e.reason(), e);
    }
  }
}
