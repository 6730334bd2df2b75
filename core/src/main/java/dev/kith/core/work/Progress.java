package dev.kith.core.work;

/**
 * What the owner of a long piece of work (a build, the coding of rows) hears of it and decides
 * about it. Called by all its workers at once.
 */
public interface Progress {
  /** Hears nothing and stops nothing. */
  Progress NONE =
      new Progress() {
        @Override
        public void check() {}

        @Override
        public void advance(long units) {}
      };

  /** Returns if the work may go on; throws what ends it, if not. Cheap: asked between units. */
  void check();

  /** Hears that {@code units} more are done. */
  void advance(long units);
}
