package dev.kith.lab.nvtx;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** The functions of libnvtx3interop that ranges need. */
final class NvtxLibrary {
  /**
   * Bytes of {@code nvtxEventAttributes_v2}, which NVTX 3 uses still. Fields that are not set are
   * 0, which means not given.
   *
   * <pre>
   * 0 u16 version  2 u16 size  4 category  8 color type  12 color  16 payload type
   * 24 payload (64 bits)  32 message type  40 message (address)
   * </pre>
   */
  private static final short SIZE = 48;

  private static final short VERSION = 3;
  private static final int MESSAGE_TYPE = 32;
  private static final int MESSAGE = 40;

  /** {@code NVTX_MESSAGE_TYPE_ASCII}: bytes up to a zero; tools read UTF-8. */
  private static final int CHARACTERS = 1;

  private final MethodHandle create;
  private final MethodHandle push;
  private final MethodHandle pop;

  /**
   * Binds the functions.
   *
   * @throws java.util.NoSuchElementException if the library lacks one
   */
  NvtxLibrary(SymbolLookup lookup) {
    create = function(lookup, "nvtxDomainCreateA", ADDRESS, ADDRESS);
    push = function(lookup, "nvtxDomainRangePushEx", JAVA_INT, ADDRESS, ADDRESS);
    pop = function(lookup, "nvtxDomainRangePop", JAVA_INT, ADDRESS);
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(
      SymbolLookup lookup, String name, MemoryLayout result, MemoryLayout... parameters) {
    return Linker.nativeLinker()
        .downcallHandle(lookup.findOrThrow(name), FunctionDescriptor.of(result, parameters));
  }

  /** Creates a domain that lasts to the end of the process; null if no tool is attached. */
  MemorySegment createDomain(String name) {
    try (var arena = Arena.ofConfined()) {
      return (MemorySegment) create.invokeExact(arena.allocateFrom(name));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Begins a range of this thread. The tool copies the message. */
  void push(MemorySegment domain, String message) {
    try (var arena = Arena.ofConfined()) {
      var event = arena.allocate(SIZE, ADDRESS.byteAlignment()); // zeroed
      event.set(JAVA_SHORT, 0, VERSION);
      event.set(JAVA_SHORT, 2, SIZE);
      event.set(JAVA_INT, MESSAGE_TYPE, CHARACTERS);
      event.set(ADDRESS, MESSAGE, arena.allocateFrom(message));
      int _ = (int) push.invokeExact(domain, event); // how deep it lies, which nobody asks
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Ends this thread's last range of the domain. */
  void pop(MemorySegment domain) {
    try {
      int _ = (int) pop.invokeExact(domain);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
