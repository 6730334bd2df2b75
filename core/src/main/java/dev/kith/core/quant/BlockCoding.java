package dev.kith.core.quant;

import dev.kith.core.kernel.CodeBlocks;
import dev.kith.core.work.BuildOptions;
import dev.kith.core.work.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/** Codes all rows into blocks, unit by unit on many threads, and codes them again to compare. */
final class BlockCoding {
  /** Rows coded as one unit of work, whole blocks. */
  private static final int UNIT = 16 * CodeBlocks.ROWS;

  private BlockCoding() {}

  /** What codes rows. */
  interface Coder {
    /**
     * Codes the rows from {@code from} to before {@code to}.
     *
     * @param less row whose place in {@code target} is the first
     */
    void encode(long from, long to, CodeBlocks target, long less);
  }

  /** Codes {@code size} rows into {@code blocks}. */
  static void encode(CodeBlocks blocks, long size, BuildOptions options, Coder coder) {
    Workers.forEach(
        (size + UNIT - 1) / UNIT,
        options.threads(),
        options.progress(),
        unit -> coder.encode(unit * UNIT, Math.min(size, (unit + 1) * UNIT), blocks, 0));
  }

  /**
   * Codes {@code size} rows again, on all cores, and compares them with {@code blocks}.
   *
   * @return the first row of a block that differs, or -1
   */
  static long firstDifference(CodeBlocks blocks, long size, Coder coder) {
    var first = new AtomicLong(Long.MAX_VALUE);
    long stride = blocks.shape().stride();
    Workers.forEach(
        (size + UNIT - 1) / UNIT,
        unit -> {
          long from = unit * UNIT;
          long to = Math.min(size, from + UNIT);
          var again = CodeBlocks.allocate(Arena.ofAuto(), blocks.shape(), to - from);
          coder.encode(from, to, again, from);
          long at = from / CodeBlocks.ROWS * stride;
          long bytes = again.memory().byteSize();
          long off =
              MemorySegment.mismatch(again.memory(), 0, bytes, blocks.memory(), at, at + bytes);
          if (off >= 0) {
            first.accumulateAndGet(from + off / stride * CodeBlocks.ROWS, Math::min);
          }
        });
    return first.get() == Long.MAX_VALUE ? -1 : first.get();
  }
}
