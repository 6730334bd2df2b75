package dev.kith.cuda.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * {@code kith_checksum} of checksum.cu in Java: tells whether a device has what the host gave it.
 * The sum over i of {@code t ^ (t >>> 32)} with {@code t = i * A + word[i] * B} mod 2^64, words
 * being unsigned, 32 bits, little-endian. Terms may be added in any order, and each depends on its
 * place: swapped, shifted and missing words show, zeros too. It is no defence against malice.
 */
public final class Checksum {
  /** The kernel. */
  public static final KernelSet KERNELS = KernelSet.of("checksum", "kith_checksum");

  private static final long A = 0x9E3779B97F4A7C15L;
  private static final long B = 0xBF58476D1CE4E5B9L;
  private static final ValueLayout.OfInt WORD =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Checksum() {}

  /**
   * The checksum of all words.
   *
   * @param words whole ones: bytes a multiple of 4
   */
  public static long of(MemorySegment words) {
    if (words.byteSize() % WORD.byteSize() != 0) {
      throw new IllegalArgumentException(
          "a checksum is of whole words of 4 bytes: bytes=" + words.byteSize());
    }
    long count = words.byteSize() / WORD.byteSize();
    long sum = 0;
    for (long i = 0; i < count; i++) {
      long t = i * A + Integer.toUnsignedLong(words.getAtIndex(WORD, i)) * B;
      sum += t ^ (t >>> 32);
    }
    return sum;
  }
}
