package dev.kith.core.backend;

import dev.kith.core.search.IndexBuilder;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.LiveSearcher;
import dev.kith.core.search.Searcher;
import dev.kith.core.spec.IndexSpec;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A place where searches and builds run. All backends give the same exact answers. Other modules
 * add theirs as a {@link java.util.ServiceLoader} service. Implementations are safe for many
 * threads.
 */
public interface Backend {

  /** Short lower-case name, such as {@code simd}; unique. */
  String name();

  /** Hardware that its searches run on: {@code cpu} or {@code gpu}. */
  default String device() {
    return "cpu";
  }

  /**
   * Rank in the choice among usable backends, of which the highest is taken: scalar 0, simd 100,
   * native 200, cuda 300.
   */
  int priority();

  /** Whether this machine and this process can run it, and why. Cheap; never throws. */
  Probe probe();

  /**
   * A searcher of this data, whose rows stay the caller's to close, or null if such data cannot be
   * searched here. Reads nothing yet.
   */
  @Nullable Searcher searcher(IndexData data);

  /**
   * A searcher of an index whose rows come and go, which begins with a copy of {@code data}, or
   * null if there is none here.
   *
   * @param numbers of its rows, as {@link LiveSearcher#image} gave them, or null for 0, 1, and so
   *     on
   */
  default @Nullable LiveSearcher live(IndexData data, @Nullable MemorySegment numbers) {
    return null;
  }

  /** A builder of indexes of this kind and with these parameters, or null if there is none here. */
  default @Nullable IndexBuilder builder(IndexSpec spec) {
    return null;
  }

  /**
   * Result of a probe.
   *
   * @param usable whether the backend can run here
   * @param reason what it would run on, or what is missing and what to do
   * @param expected whether a user would expect it to run here: if not, as on a machine without a
   *     GPU, no warning is logged when another backend serves in its place
   */
  record Probe(boolean usable, String reason, boolean expected) {
    /** Creates a result with {@code expected} set. */
    public Probe(boolean usable, String reason) {
      this(usable, reason, true);
    }
  }
}
