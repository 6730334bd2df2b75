package dev.kith.cuda;

import dev.kith.core.backend.Backend;
import dev.kith.core.exact.FlatData;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.Searcher;
import dev.kith.cuda.device.Gpu;
import dev.kith.cuda.device.Gpus;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.CudaUnavailableException;
import dev.kith.cuda.exact.CudaExactSearch;
import org.jspecify.annotations.Nullable;

/**
 * An NVIDIA GPU through its driver. {@code -Dkith.cuda=off} switches it off, {@code
 * -Dkith.cuda.device=N} chooses another than the first, {@code -Dkith.cuda.budget=8g} (or {@code
 * 60%}) limits the device memory that is used.
 */
public final class CudaBackend implements Backend {
  @Override
  public String name() {
    return Gpu.BACKEND;
  }

  @Override
  public String device() {
    return "gpu";
  }

  @Override
  public int priority() {
    return Gpu.PRIORITY;
  }

  @Override
  public Probe probe() {
    try {
      var gpu = Gpus.get();
      CudaExactSearch.loadKernels(gpu);
      return new Probe(true, gpu.toString());
    } catch (CudaUnavailableException e) {
      return new Probe(false, e.reason(), !e.isAbsent());
    } catch (CudaException e) {
      return new Probe(false, e.toString());
    }
  }

  @Override
  public @Nullable Searcher searcher(IndexData data) {
    if (!(data instanceof FlatData flat)) {
      return null;
    }
    try {
      return new CudaExactSearch(Gpus.opened(), flat);
    } catch (CudaUnavailableException e) {
      throw new IllegalStateException("the probe said no: " + e.reason(), e);
    }
  }
}
