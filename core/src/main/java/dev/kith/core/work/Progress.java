package dev.kith.core.work;

/**
 * Listener to a long piece of work, such as a build or the coding of rows: hears how far it is and
 * may stop it. Called by all its workers at once.
 */
public interface Progress {
  /** Listener that ignores progress and stops nothing. */
  Progress NONE =
      new Progress() {
        @Override
        public void check() {}

        @Override
        public void advance(long units) {}
      };

  /**
   * Returns if the work may go on; otherwise throws the exception that ends it. Called between
   * units, so it must be cheap.
   */
  void check();

  /** Reports that {@code units} more are done. */
  void advance(long units);
}
