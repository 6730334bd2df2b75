package dev.kith.core.testing;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.kernel.HalfKernel;
import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.ScalarCodes;
import dev.kith.core.kernel.ScalarKernel;
import dev.kith.core.kernel.ScalarKeys;
import dev.kith.core.kernel.ScalarPanels;
import dev.kith.core.kernel.ScalarTables;
import dev.kith.core.vector.ElementType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Obvious loops over 16-bit floats, which searches use only where tests ask for them. */
public final class PlainHalves implements HalfKernel {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);

  /** Best Java loops, with plain loops over 16-bit floats beside them. */
  public static Kernels withJava() {
    var java = Kernels.inJava();
    return new Kernels(
        java.rows(), java.panels(), java.codes(), java.keys(), java.tables(), new PlainHalves());
  }

  /** Scalar loops that scan any shadow. */
  public static Kernels withScalar() {
    return new Kernels(
        new ScalarKernel(),
        new ScalarPanels(19),
        new ScalarCodes(),
        new ScalarKeys(),
        new ScalarTables(),
        new PlainHalves());
  }

  @Override
  public String name() {
    return "plain loops";
  }

  @Override
  public void dots(
      ElementType type,
      MemorySegment query,
      MemorySegment rows,
      long stride,
      int count,
      int d,
      MemorySegment dots) {
    var row = new float[d];
    for (int r = 0; r < count; r++) {
      type.decode(rows, r * stride, row, 0, d);
      float sum = 0;
      for (int i = 0; i < d; i++) {
        sum += query.get(FLOAT, 4L * i) * row[i];
      }
      dots.set(FLOAT, 4L * r, sum);
    }
  }

  @Override
  public void dots(
      ElementType type,
      MemorySegment query,
      MemorySegment rows,
      long stride,
      MemorySegment picked,
      int count,
      int d,
      MemorySegment dots) {
    for (int i = 0; i < count; i++) {
      var row = rows.asSlice(picked.get(INT, 4L * i) * stride, 2L * d);
      dots(type, query, row, stride, 1, d, dots.asSlice(4L * i, 4));
    }
  }

  @Override
  public void widen(ElementType type, MemorySegment from, long count, MemorySegment to) {
    var one = new float[1];
    for (long i = 0; i < count; i++) {
      type.decode(from, 2 * i, one, 0, 1);
      to.set(FLOAT, 4 * i, one[0]);
    }
  }

  @Override
  public void narrow(ElementType type, MemorySegment from, long count, MemorySegment to) {
    for (long i = 0; i < count; i++) {
      to.set(SHORT, 2 * i, type.bitsOf(from.get(FLOAT, 4 * i)));
    }
  }
}
