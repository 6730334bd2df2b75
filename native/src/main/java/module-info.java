/** Loops that C runs faster than Java, as a backend of {@code dev.kith.core}. Optional. */
module dev.kith.nativekernels {
  requires dev.kith.core;
  requires static transitive org.jspecify;

  provides dev.kith.core.backend.Backend with
      dev.kith.nativekernels.NativeBackend;
}
