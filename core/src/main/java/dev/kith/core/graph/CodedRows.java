package dev.kith.core.graph;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.quant.Scorers;
import dev.kith.core.quant.WalkCodes;

/** Rows as builders see them: numbers from 0 on, and estimates. Safe for many threads. */
interface CodedRows {

  /** Number of rows. */
  int size();

  /** Scorers over all rows. */
  Scorers scorers();

  /** Scorers over some rows, side by side: row {@code i} of these is row {@code picked[i]}. */
  Scorers scorersOf(int[] picked);

  /** All rows of {@code codes}. */
  static CodedRows of(WalkCodes codes, Kernels kernels) {
    return new CodedRows() {
      @Override
      public int size() {
        return codes.size();
      }

      @Override
      public Scorers scorers() {
        return codes.scorers(kernels);
      }

      @Override
      public Scorers scorersOf(int[] picked) {
        return codes.scorersOf(picked, kernels);
      }
    };
  }

  /** The rows {@code chosen}, numbered by their place in it; their codes are copied. */
  default CodedRows some(int[] chosen) {
    var all = this;
    var copied = scorersOf(chosen);
    return new CodedRows() {
      @Override
      public int size() {
        return chosen.length;
      }

      @Override
      public Scorers scorers() {
        return copied;
      }

      @Override
      public Scorers scorersOf(int[] picked) {
        var rows = new int[picked.length];
        for (int i = 0; i < rows.length; i++) {
          rows[i] = chosen[picked[i]];
        }
        return all.scorersOf(rows);
      }
    };
  }
}
