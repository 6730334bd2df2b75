/** Searches on NVIDIA GPUs, as a backend of {@code dev.kith.core}. Optional. */
module dev.kith.cuda {
  requires dev.kith.core;
  requires static transitive org.jspecify;
}
