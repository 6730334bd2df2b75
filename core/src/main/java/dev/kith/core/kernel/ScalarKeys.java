package dev.kith.core.kernel;

import dev.kith.core.metric.Canonical;
import dev.kith.core.vector.ElementType;
import java.lang.foreign.MemorySegment;

/** Canonical sums in plain Java: the definition itself, row by row. */
public final class ScalarKeys implements KeyKernel {
  /** Creates the loops. */
  public ScalarKeys() {}

  @Override
  public void squaredDistances(
      float[] query, MemorySegment rows, long stride, int[] picked, int count, double[] sums) {
    PickChecks.requireWithin(picked, count, PickChecks.floatRows(query, rows, stride));
    var row = new float[query.length];
    for (int i = 0; i < count; i++) {
      ElementType.FLOAT32.decode(rows, picked[i] * stride, row, 0, row.length);
      sums[i] = Canonical.squaredDistance(query, row);
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
    var row = new float[query.length];
    for (int i = 0; i < count; i++) {
      ElementType.FLOAT32.decode(rows, picked[i] * stride, row, 0, row.length);
      dots[i] = Canonical.dot(query, row);
      squares[i] = Canonical.dot(row, row);
    }
  }
}
