package dev.kith.core.quant;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Comparison of stretches of memory, byte by byte. */
final class Lines {
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private Lines() {}

  /** Hash of {@code bytes} bytes from {@code at} on. */
  static int hash(MemorySegment memory, long at, long bytes) {
    long hash = bytes;
    long whole = at + bytes / 8 * 8;
    for (long i = at; i < whole; i += 8) {
      hash = (hash ^ memory.get(LONG, i)) * 0x9e3779b97f4a7c15L;
      hash ^= hash >>> 32;
    }
    for (long i = whole; i < at + bytes; i++) {
      hash = (hash ^ memory.get(ValueLayout.JAVA_BYTE, i)) * 0x9e3779b97f4a7c15L;
      hash ^= hash >>> 32;
    }
    return (int) hash;
  }

  /** Whether {@code bytes} bytes from {@code a} on are those from {@code b} on. */
  static boolean equal(MemorySegment memory, long a, long b, long bytes) {
    return MemorySegment.mismatch(memory, a, a + bytes, memory, b, b + bytes) < 0;
  }
}
