/** Searches on NVIDIA GPUs, as a backend of {@code dev.kith.core}. Optional. */
module dev.kith.cuda {
  requires transitive dev.kith.core;
  requires jdk.jfr;
  requires static transitive org.jspecify;

  exports dev.kith.cuda.device;
  exports dev.kith.cuda.driver;
  exports dev.kith.cuda.kernels;
  exports dev.kith.cuda.ladder;
  exports dev.kith.cuda.memory;

  provides dev.kith.core.backend.Backend with
      dev.kith.cuda.CudaBackend;
  provides dev.kith.core.backend.SegmentListener with
      dev.kith.cuda.CudaSegments;
}
