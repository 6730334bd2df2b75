package dev.kith.lab.measure;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * How many float32 multiply-adds one thread can do at all, with everything in registers: the floor
 * under every scan that memory does not slow. Twelve sums: enough that none is waited for, few
 * enough for the registers of AVX2.
 */
public final class ArithmeticRate {
  private static final VectorSpecies<Float> LANES = FloatVector.SPECIES_PREFERRED;
  private static final int SUMS = 12;
  private static final int ROUNDS = 100_000;
  private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

  private ArithmeticRate() {}

  /** Multiply-adds per CPU second of this thread, the best of {@code passes}. */
  public static double measure(int passes) {
    double best = 0;
    float sink = 0;
    for (int pass = 0; pass < passes; pass++) {
      long start = CLOCK.getCurrentThreadCpuTime();
      sink += pass(1 + pass * 0x1p-10f);
      long nanos = CLOCK.getCurrentThreadCpuTime() - start;
      best = Math.max(best, (double) ROUNDS * SUMS * LANES.length() * 1e9 / Math.max(nanos, 1));
    }
    if (Float.isNaN(sink)) {
      return best; // only so that the sums are used
    }
    return best;
  }

  /** Sums that stay between 0 and 2, so that no element slows down by being denormal. */
  private static float pass(float start) {
    var x = FloatVector.broadcast(LANES, 0.5f);
    var y = FloatVector.broadcast(LANES, start);
    var a = y;
    var b = y;
    var c = y;
    var d = y;
    var e = y;
    var f = y;
    var g = y;
    var h = y;
    var i = y;
    var j = y;
    var k = y;
    var l = y;
    for (int round = 0; round < ROUNDS; round++) {
      a = a.fma(x, y);
      b = b.fma(x, y);
      c = c.fma(x, y);
      d = d.fma(x, y);
      e = e.fma(x, y);
      f = f.fma(x, y);
      g = g.fma(x, y);
      h = h.fma(x, y);
      i = i.fma(x, y);
      j = j.fma(x, y);
      k = k.fma(x, y);
      l = l.fma(x, y);
    }
    return a.add(b)
        .add(c.add(d))
        .add(e.add(f).add(g.add(h)))
        .add(i.add(j).add(k.add(l)))
        .reduceLanes(VectorOperators.ADD);
  }
}
