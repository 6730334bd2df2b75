package dev.kith.core.kernel;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.F2D;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Canonical sums on the Vector API: two registers of four float64 lanes are the eight lanes of the
 * definition, whatever the machine's own width.
 */
public final class SimdKeys implements KeyKernel {
  // Species must be static final where they are used, or C2 boxes every vector.
  private static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;
  private static final VectorSpecies<Double> LANES = DoubleVector.SPECIES_256;
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final int W = 8;

  /** Creates the loops; needs the module {@code jdk.incubator.vector}. */
  public SimdKeys() {}

  @Override
  public void squaredDistances(
      float[] query, MemorySegment rows, long stride, int[] picked, int count, double[] sums) {
    PickChecks.requireWithin(picked, count, PickChecks.floatRows(query, rows, stride));
    for (int i = 0; i < count; i++) {
      sums[i] = squaredDistance(query, rows, picked[i] * stride);
    }
  }

  @Override
  public void products(
      float[] query,
      MemorySegment rows,
      long stride,
      int[] picked,
      int count,
      double[] dots,
      double[] squares) {
    PickChecks.requireWithin(picked, count, PickChecks.floatRows(query, rows, stride));
    for (int i = 0; i < count; i++) {
      product(query, rows, picked[i] * stride, i, dots, squares);
    }
  }

  private static DoubleVector wide(FloatVector floats) {
    return (DoubleVector) floats.convertShape(F2D, LANES, 0);
  }

  private static double squaredDistance(float[] query, MemorySegment rows, long at) {
    var low = DoubleVector.zero(LANES);
    var high = DoubleVector.zero(LANES);
    int i = 0;
    for (; i <= query.length - W; i += W) {
      long e = at + 4L * i;
      var a =
          wide(FloatVector.fromArray(FOUR, query, i))
              .sub(wide(FloatVector.fromMemorySegment(FOUR, rows, e, LITTLE_ENDIAN)));
      var b =
          wide(FloatVector.fromArray(FOUR, query, i + 4))
              .sub(wide(FloatVector.fromMemorySegment(FOUR, rows, e + 16, LITTLE_ENDIAN)));
      low = low.add(a.mul(a));
      high = high.add(b.mul(b));
    }
    if (i == query.length) {
      return fold(low.add(high));
    }
    var lanes = new double[W];
    low.intoArray(lanes, 0);
    high.intoArray(lanes, 4);
    for (int j = 0; i < query.length; i++, j++) {
      double apart = (double) query[i] - rows.get(FLOAT, at + 4L * i);
      lanes[j] += apart * apart;
    }
    return fold(lanes);
  }

  private static void product(
      float[] query, MemorySegment rows, long at, int k, double[] dots, double[] squares) {
    var low = DoubleVector.zero(LANES);
    var high = DoubleVector.zero(LANES);
    var lowSquares = DoubleVector.zero(LANES);
    var highSquares = DoubleVector.zero(LANES);
    int i = 0;
    for (; i <= query.length - W; i += W) {
      long e = at + 4L * i;
      var u = wide(FloatVector.fromMemorySegment(FOUR, rows, e, LITTLE_ENDIAN));
      var v = wide(FloatVector.fromMemorySegment(FOUR, rows, e + 16, LITTLE_ENDIAN));
      low = low.add(wide(FloatVector.fromArray(FOUR, query, i)).mul(u));
      high = high.add(wide(FloatVector.fromArray(FOUR, query, i + 4)).mul(v));
      lowSquares = lowSquares.add(u.mul(u));
      highSquares = highSquares.add(v.mul(v));
    }
    if (i == query.length) {
      dots[k] = fold(low.add(high));
      squares[k] = fold(lowSquares.add(highSquares));
      return;
    }
    var lanes = new double[W];
    var own = new double[W];
    low.intoArray(lanes, 0);
    high.intoArray(lanes, 4);
    lowSquares.intoArray(own, 0);
    highSquares.intoArray(own, 4);
    for (int j = 0; i < query.length; i++, j++) {
      double x = rows.get(FLOAT, at + 4L * i);
      lanes[j] += query[i] * x;
      own[j] += x * x;
    }
    dots[k] = fold(lanes);
    squares[k] = fold(own);
  }

  /** Folds lanes 0 to 3, to which lanes 4 to 7 were added already. */
  private static double fold(DoubleVector halves) {
    return (halves.lane(0) + halves.lane(2)) + (halves.lane(1) + halves.lane(3));
  }

  private static double fold(double[] s) {
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
  }
}
