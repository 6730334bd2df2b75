/**
 * Vectors, metrics, kernels and searches. Depends on the JDK alone. What is exported to named
 * modules is Kith's own and may change at any time.
 */
@SuppressWarnings("module") // those modules are optional, and compiled after this one
module dev.kith.core {
  requires java.management;
  requires jdk.incubator.vector;
  requires jdk.jfr;
  requires static transitive org.jspecify;

  exports dev.kith.core.backend;
  exports dev.kith.core.exact to
      dev.kith.cuda;
  exports dev.kith.core.failure;
  exports dev.kith.core.graph to
      dev.kith.cli,
      dev.kith.lab;
  exports dev.kith.core.index;
  exports dev.kith.core.kernel to
      dev.kith.lab,
      dev.kith.nativekernels;
  exports dev.kith.core.metric;
  exports dev.kith.core.quant;
  exports dev.kith.core.recall;
  exports dev.kith.core.search;
  exports dev.kith.core.spec;
  exports dev.kith.core.text;
  exports dev.kith.core.vector;
  exports dev.kith.core.work;

  uses dev.kith.core.backend.Backend;
  uses dev.kith.core.backend.SegmentListener;
}
