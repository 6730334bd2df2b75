package dev.kith.core.backend;

import dev.kith.core.search.IndexBuilder;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.Searcher;
import dev.kith.core.spec.IndexSpec;
import org.jspecify.annotations.Nullable;

/**
 * A place where searches run, and builds. All backends give the same exact answers. Other modules
 * add theirs as a {@link java.util.ServiceLoader} service. Implementations are safe for many
 * threads.
 */
public interface Backend {

  /** Short lower-case name, such as {@code simd}; unique. */
  String name();

  /** What its searches run on: {@code cpu} or {@code gpu}. */
  default String device() {
    return "cpu";
  }

  /** Among usable backends the highest is chosen: scalar 0, simd 100, native 200, cuda 300. */
  int priority();

  /** Whether this machine and this process can run it, and why. Cheap; never throws. */
  Probe probe();

  /**
   * A searcher of this data, whose rows stay the caller's to close, or null if such data cannot be
   * searched here. Reads nothing yet.
   */
  @Nullable Searcher searcher(IndexData data);

  /** A builder of indexes of this kind and with these parameters, or null if there is none here. */
  default @Nullable IndexBuilder builder(IndexSpec spec) {
    return null;
  }

  /**
   * What a probe found.
   *
   * @param usable whether the backend can run here
   * @param reason what it would run on, or what is missing and what to do
   * @param expected whether a user would think that it can: if not, as where a machine has no GPU
   *     at all, nobody is warned that others serve in its place
   */
  record Probe(boolean usable, String reason, boolean expected) {
    /** One that a user would think can run. */
    public Probe(boolean usable, String reason) {
      this(usable, reason, true);
    }
  }
}
