package dev.kith.core.quant;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;

/**
 * Asks Linux to back memory by pages of 2 MiB: a scan then crosses fewer page boundaries, which
 * makes it some percent faster. Advice alone: where it is not taken, nothing changes.
 */
final class HugePages {
  /** {@code MADV_HUGEPAGE} and {@code MADV_COLLAPSE} (Linux 6.1) of {@code sys/mman.h}. */
  private static final int[] ADVICE = {14, 25};

  private static final long PAGE = 1 << 21;

  private HugePages() {}

  /** Advises the whole pages within; without native access it does nothing. */
  @SuppressWarnings("restricted")
  static void advise(MemorySegment memory) {
    if (!HugePages.class.getModule().isNativeAccessEnabled()
        || !System.getProperty("os.name").equals("Linux")) {
      return;
    }
    long from = (memory.address() + PAGE - 1) / PAGE * PAGE - memory.address();
    long length = (memory.byteSize() - from) / PAGE * PAGE;
    if (length <= 0) {
      return;
    }
    var linker = Linker.nativeLinker();
    var function = linker.defaultLookup().find("madvise");
    if (function.isEmpty()) {
      return;
    }
    var madvise =
        linker.downcallHandle(
            function.get(), FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    for (int advice : ADVICE) {
      try {
        int _ = (int) madvise.invokeExact(memory.asSlice(from, length), length, advice);
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
