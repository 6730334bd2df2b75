package dev.kith.core.quant;

import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Fit of a rotation that lowers what product codes lose (Ge, He, Ke, Sun: Optimized product
 * quantization, CVPR 2013): in turns, points are coded by the centres, and the rotation goes to the
 * one that brings points nearest to what their codes stand for, which is the orthogonal factor of
 * the products of the two (Schönemann: Psychometrika 31, 1966).
 */
final class RotationFit {
  /** Turns, and rounds of Lloyd's algorithm in each. */
  private static final int TURNS = 24;

  private static final int ROUNDS = 2;

  /** Points that the rotation is fitted to, at most. */
  private static final int POINTS = 10_240;

  /** Points that judge whether the rotation is kept, at most, and as a part of all. */
  private static final int JUDGES = 2_048;

  private static final int JUDGING_PART = 8;

  /** Points that are rotated at a time. */
  private static final int STRIP = 256;

  private RotationFit() {}

  /**
   * Fits a coder with a rotation and one without, and returns the one that loses less of points
   * that neither was fitted to.
   */
  static ProductCoder fit(Sample sample, ProductCodes.Plan plan, BuildOptions options) {
    int judges = Math.min(JUDGES, sample.count() / JUDGING_PART);
    var fitted = sample.slice(judges, sample.count());
    var judging = sample.slice(0, judges);
    var plain = ProductCoder.fit(fitted, plan.parts(), plan.bits(), plan.seed(), null, options);
    if (judges == 0) {
      return plain;
    }
    var few = fitted.slice(0, Math.min(fitted.count(), POINTS));
    var rotation = alternate(few, plan, options);
    try (var arena = Arena.ofShared()) {
      var turned = rotated(fitted, rotation, arena, options);
      var coder =
          ProductCoder.fit(turned, plan.parts(), plan.bits(), plan.seed(), rotation, options);
      double without = plain.meanLost(judging);
      double with = coder.meanLost(rotated(judging, rotation, arena, options));
      return with < without ? coder : plain;
    }
  }

  private static DenseRotation alternate(
      Sample points, ProductCodes.Plan plan, BuildOptions options) {
    int d = points.dimension();
    int parts = plan.parts();
    var start = new float[d * d];
    for (int i = 0; i < d; i++) {
      start[i * d + i] = 1;
    }
    var rotation = new DenseRotation(d, start);
    var books = new @Nullable Codebook[parts];
    try (var arena = Arena.ofShared()) {
      var turned = points.like(arena);
      for (int turn = 0; turn < TURNS; turn++) {
        rotate(points, rotation, turned, options);
        var products = new double[d][d];
        int number = turn;
        Workers.forEach(
            parts,
            options.threads(),
            options.progress(),
            part -> fitPart(points, turned, plan, (int) part, books, number, products));
        rotation = orthogonal(products, rotation);
      }
    }
    return rotation;
  }

  /** Fits one part's centres, and computes its columns of the products of points and codes. */
  private static void fitPart(
      Sample points,
      Sample turned,
      ProductCodes.Plan plan,
      int part,
      @Nullable Codebook[] books,
      int turn,
      double[][] products) {
    int d = points.dimension();
    int from = ProductCoder.start(d, plan.parts(), part);
    int width = ProductCoder.start(d, plan.parts(), part + 1) - from;
    int count = points.count();
    float[] columns = turned.columns(from, width);
    var book = books[part];
    if (book == null) {
      var random = new SplittableRandom(plan.seed() + part);
      book = Codebook.start(columns, count, width, 1 << plan.bits(), random);
      books[part] = book;
    }
    book.fit(columns, count, turn == 0 ? 4 * ROUNDS : ROUNDS);
    var cells = new int[count];
    book.nearest(columns, 0, count, cells, new float[count]);
    var sums = new float[book.cells()][d]; // of some thousand points: their rounding is no matter
    var strip = new float[STRIP * d];
    for (int first = 0; first < count; first += STRIP) {
      int some = Math.min(STRIP, count - first);
      points.get(first, some, strip);
      for (int p = 0; p < some; p++) {
        add(strip, p * d, sums[cells[first + p]]);
      }
    }
    for (int cell = 0; cell < book.cells(); cell++) {
      var sum = sums[cell];
      for (int i = 0; i < d; i++) {
        for (int j = 0; j < width; j++) {
          products[i][from + j] += (double) sum[i] * book.get(cell, j);
        }
      }
    }
  }

  private static void add(float[] from, int at, float[] sum) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += from[at + i];
    }
  }

  private static Sample rotated(
      Sample points, DenseRotation rotation, Arena arena, BuildOptions options) {
    var turned = points.like(arena);
    rotate(points, rotation, turned, options);
    return turned;
  }

  private static void rotate(
      Sample points, DenseRotation rotation, Sample turned, BuildOptions options) {
    int d = points.dimension();
    Workers.forEach(
        (points.count() + STRIP - 1) / STRIP,
        options.threads(),
        options.progress(),
        unit -> {
          int first = (int) unit * STRIP;
          int some = Math.min(STRIP, points.count() - first);
          var from = new float[some * d];
          var to = new float[some * d];
          points.get(first, some, from);
          rotation.apply(from, some, to);
          turned.put(first, some, to);
        });
  }

  /**
   * The rotation that is nearest to {@code products}. In directions in which there are no products
   * it stays what it was.
   */
  private static DenseRotation orthogonal(double[][] products, DenseRotation before) {
    int d = products.length;
    double scale = OrthogonalFactor.norm(products) / Math.sqrt(d);
    if (scale == 0) {
      return before;
    }
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        products[i][j] = products[i][j] / scale + 1e-6 * before.matrix()[i * d + j];
      }
    }
    var factor = OrthogonalFactor.of(products);
    var matrix = new float[d * d];
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        matrix[i * d + j] = (float) factor[i][j];
      }
    }
    return new DenseRotation(d, matrix);
  }
}
