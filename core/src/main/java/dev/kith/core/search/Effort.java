package dev.kith.core.search;

/**
 * How hard a search tries. An index refuses by name an effort that it does not know; no answer is
 * silently less than asked for. An index that scans every row takes every effort, and its answer is
 * exact.
 */
public sealed interface Effort {
  /** The exact answer, proved. */
  record Exact() implements Effort {}

  /**
   * The share of the exact answer's rows that must be found on average. An approximate index keeps
   * it as far as its calibration tells, and reports what it expects; what it does not reach it
   * answers exactly. With a filter the exact answer is that among the rows that pass.
   *
   * @param target above 0 and at most 1
   */
  record Recall(double target) implements Effort {
    /** Checks the target. */
    public Recall {
      if (!(target > 0 && target <= 1)) {
        throw new IllegalArgumentException("recall must be above 0 and at most 1: " + target);
      }
    }
  }

  /**
   * The width of a graph's beam, which is {@code ef} in the literature of HNSW.
   *
   * @param width at least 1; a search for more neighbours widens it to their number
   */
  record Beam(int width) implements Effort {
    /** Checks the width. */
    public Beam {
      if (width < 1) {
        throw new IllegalArgumentException("a beam's width must be at least 1: " + width);
      }
    }
  }

  /**
   * The number of inverted lists that are read, which is {@code nprobe} elsewhere.
   *
   * @param lists at least 1
   */
  record Probes(int lists) implements Effort {
    /** Checks the number. */
    public Probes {
      if (lists < 1) {
        throw new IllegalArgumentException("probes must be at least 1: " + lists);
      }
    }
  }
}
