package dev.kith.nativekernels;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Memory that ends where a page ends that may not be touched: a read or write past it ends the
 * process.
 */
final class GuardedMemory implements AutoCloseable {
  private static final int READ_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final long PAGE = 4096;

  private final MemorySegment pages;
  private final long size;

  /** Allocates {@code bytes} before the forbidden page. */
  GuardedMemory(long bytes) throws Throwable {
    assumeTrue(System.getProperty("os.name").equals("Linux"), "the constants of mmap are Linux's");
    size = (bytes + PAGE - 1) / PAGE * PAGE;
    var address =
        (MemorySegment)
            function(
                    "mmap",
                    FunctionDescriptor.of(
                        ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG))
                .invokeExact(
                    MemorySegment.NULL, size + PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
    pages = reinterpret(address, size + PAGE);
    int protectedPage =
        (int)
            function("mprotect", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT))
                .invokeExact(pages.asSlice(size), PAGE, 0);
    assertThat(protectedPage).isZero();
  }

  @SuppressWarnings("restricted")
  private static MemorySegment reinterpret(MemorySegment address, long bytes) {
    return address.reinterpret(bytes);
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(String name, FunctionDescriptor type) {
    var linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
  }

  /** The last {@code bytes} before the forbidden page. */
  MemorySegment last(long bytes) {
    return pages.asSlice(size - bytes, bytes);
  }

  @Override
  public void close() {
    try {
      int unmapped =
          (int)
              function("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG))
                  .invokeExact(pages, size + PAGE);
      assertThat(unmapped).isZero();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
