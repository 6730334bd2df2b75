package dev.kith.cuda.exact;

import dev.kith.cuda.device.Gpu;

/** Launches for groups of queries that one workspace of a GPU holds. */
abstract sealed class Launches permits ScanLaunches, RescoreLaunches {
  final Gpu gpu;
  final Workspace memory;
  final Launcher launcher;

  Launches(Gpu gpu, Workspace memory, Launcher launcher) {
    this.gpu = gpu;
    this.memory = memory;
    this.launcher = launcher;
  }

  /** Address on the device of what lies at an offset of the workspace. */
  final long at(long offset) {
    return memory.address(offset);
  }
}
