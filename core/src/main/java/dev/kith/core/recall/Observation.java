package dev.kith.core.recall;

import org.jspecify.annotations.Nullable;

/**
 * One query of a calibration: where its walk stood at each width and at each ratio of the ladders,
 * and what share of the exact answer it had by then.
 */
public final class Observation {
  /** Hops, estimates, width and recall. */
  static final int FIGURES = 4;

  private final int kind;
  private final @Nullable Difficulty[] difficulties;
  private final float[] figures;
  private final int widths;
  private final int ratios;

  /**
   * Creates an observation without figures.
   *
   * @param kind 0 for a query like those that will be asked, else the number of another kind
   * @param curve shape of the curve that it is made for
   */
  public Observation(int kind, CurveFit curve) {
    this.kind = kind;
    this.difficulties = new Difficulty[curve.ks().size()];
    this.widths = curve.widths().size();
    this.ratios = curve.ratios().size();
    this.figures = new float[curve.ks().size() * (widths + ratios) * FIGURES];
  }

  /** Sets what the query showed, for the neighbours numbered {@code k} of the curve's. */
  public void show(int k, Difficulty difficulty) {
    difficulties[k] = difficulty;
  }

  /** Sets the figures at a width of the ladder. */
  public void atWidth(int k, int step, long hops, long estimated, int width, double recall) {
    set(k * (widths + ratios) + step, hops, estimated, width, recall);
  }

  /** Sets the figures at a ratio of the ladder. */
  public void atRatio(int k, int step, long hops, long estimated, int width, double recall) {
    set(k * (widths + ratios) + widths + step, hops, estimated, width, recall);
  }

  private void set(int step, long hops, long estimated, int width, double recall) {
    int at = step * FIGURES;
    figures[at] = hops;
    figures[at + 1] = estimated;
    figures[at + 2] = width;
    figures[at + 3] = (float) recall;
  }

  int kind() {
    return kind;
  }

  Difficulty difficulty(int k) {
    var shown = difficulties[k];
    if (shown == null) {
      throw new IllegalStateException("a query of a calibration ended without having shown itself");
    }
    return shown;
  }

  /** A figure at a step of both ladders, the widths first. */
  float figure(int k, int step, int figure) {
    return figures[(k * (widths + ratios) + step) * FIGURES + figure];
  }
}
