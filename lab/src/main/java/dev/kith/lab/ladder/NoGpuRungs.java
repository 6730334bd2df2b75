package dev.kith.lab.ladder;

import dev.kith.core.vector.VectorSource;
import java.util.List;

/** Holds the place of a GPU's rungs: there are none yet, and the ladder says so. */
final class NoGpuRungs implements RungProvider {

  @Override
  public String device() {
    return "gpu";
  }

  @Override
  public String unavailable() {
    return "this build of Kith has no rungs for a GPU";
  }

  @Override
  public List<Rung> rungs() {
    return List.of();
  }

  @Override
  public Floors floors(VectorSource rows) {
    throw new IllegalStateException(unavailable());
  }
}
