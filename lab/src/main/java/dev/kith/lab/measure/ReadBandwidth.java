package dev.kith.lab.measure;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * How fast one thread can read a source at all: the floor under every scan of it. Bytes are added
 * up as float32 with four sums, in one stream and in four neighbouring ones; the faster counts.
 */
public final class ReadBandwidth {
  private static final VectorSpecies<Float> LANES = FloatVector.SPECIES_PREFERRED;
  private static final int BYTES = LANES.vectorByteSize();
  private static final int BLOCK_ROWS = 1024;
  private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

  private ReadBandwidth() {}

  /** Bytes per CPU second of this thread, the best of {@code passes} over all rows. */
  public static double measure(VectorSource rows, int passes) {
    double best = 0;
    float sink = 0;
    for (int pass = 0; pass < 2 * passes; pass++) {
      boolean oneStream = pass % 2 == 0;
      long bytes = 0;
      long start = CLOCK.getCurrentThreadCpuTime();
      for (var block : rows.blocks(BLOCK_ROWS)) {
        // Whole steps alone: what is left over is neither read nor counted.
        long step = 4L * BYTES;
        long length = block.data().byteSize() / step * step;
        sink += oneStream ? oneStream(block.data(), length) : fourStreams(block.data(), length);
        bytes += length;
      }
      long nanos = CLOCK.getCurrentThreadCpuTime() - start;
      best = Math.max(best, bytes * 1e9 / Math.max(nanos, 1));
    }
    if (Float.isNaN(sink)) {
      return best; // only so that the sums are used
    }
    return best;
  }

  private static float oneStream(MemorySegment data, long length) {
    var a = FloatVector.zero(LANES);
    var b = a;
    var c = a;
    var d = a;
    for (long i = 0; i < length; i += 4L * BYTES) {
      a = a.add(FloatVector.fromMemorySegment(LANES, data, i, LITTLE_ENDIAN));
      b = b.add(FloatVector.fromMemorySegment(LANES, data, i + BYTES, LITTLE_ENDIAN));
      c = c.add(FloatVector.fromMemorySegment(LANES, data, i + 2L * BYTES, LITTLE_ENDIAN));
      d = d.add(FloatVector.fromMemorySegment(LANES, data, i + 3L * BYTES, LITTLE_ENDIAN));
    }
    return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
  }

  /** Stretches of 4 KiB, four at a time, side by side. */
  private static float fourStreams(MemorySegment data, long length) {
    long stretch = 4096;
    var a = FloatVector.zero(LANES);
    var b = a;
    var c = a;
    var d = a;
    long at = 0;
    for (; at + 4 * stretch <= length; at += 4 * stretch) {
      for (long i = at; i < at + stretch; i += BYTES) {
        a = a.add(FloatVector.fromMemorySegment(LANES, data, i, LITTLE_ENDIAN));
        b = b.add(FloatVector.fromMemorySegment(LANES, data, i + stretch, LITTLE_ENDIAN));
        c = c.add(FloatVector.fromMemorySegment(LANES, data, i + 2 * stretch, LITTLE_ENDIAN));
        d = d.add(FloatVector.fromMemorySegment(LANES, data, i + 3 * stretch, LITTLE_ENDIAN));
      }
    }
    return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD)
        + oneStream(data.asSlice(at), length - at);
  }
}
