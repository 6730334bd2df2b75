/**
 * Searches on NVIDIA GPUs, as a backend of {@code dev.kith.core}. Optional. What is exported to
 * named modules is Kith's own and may change at any time.
 */
@SuppressWarnings("module") // the lab is compiled after this module
module dev.kith.cuda {
  requires transitive dev.kith.core;
  requires jdk.jfr;
  requires static transitive org.jspecify;

  exports dev.kith.cuda.device to
      dev.kith.lab;
  exports dev.kith.cuda.driver to
      dev.kith.lab;
  exports dev.kith.cuda.ladder to
      dev.kith.lab;
  exports dev.kith.cuda.memory to
      dev.kith.lab;

  provides dev.kith.core.backend.Backend with
      dev.kith.cuda.CudaBackend;
  provides dev.kith.core.backend.SegmentListener with
      dev.kith.cuda.CudaSegments;
}
