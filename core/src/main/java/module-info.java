/** Vectors, metrics, kernels and exact search. Depends on the JDK alone. */
module dev.kith.core {
  requires java.management;
  requires jdk.incubator.vector;
  requires jdk.jfr;
  requires static transitive org.jspecify;

  exports dev.kith.core.backend;
  exports dev.kith.core.exact;
  exports dev.kith.core.index;
  exports dev.kith.core.kernel;
  exports dev.kith.core.metric;
  exports dev.kith.core.quant;
  exports dev.kith.core.search;
  exports dev.kith.core.spec;
  exports dev.kith.core.vector;
  exports dev.kith.core.work;

  uses dev.kith.core.backend.Backend;
  uses dev.kith.core.backend.SegmentListener;
}
