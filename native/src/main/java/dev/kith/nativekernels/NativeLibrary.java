package dev.kith.nativekernels;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;

/** Loads the library from the jar and reads its list of kernels. */
final class NativeLibrary {
  /** {@code KITH_ABI} of kith.h. */
  private static final int ABI = 4;

  /** Bytes of {@code kith_kernels}: twenty words. */
  private static final long TABLE_BYTES = 20 * 8L;

  private NativeLibrary() {}

  /**
   * Thrown when the library is missing or must not be used; the message says why and what to do.
   */
  static final class MissingException extends Exception {
    private static final long serialVersionUID = 1;

    private final String reason;

    MissingException(String reason) {
      super(reason);
      this.reason = reason;
    }

    String reason() {
      return reason;
    }
  }

  /**
   * All kernels that this processor can run, the fastest first.
   *
   * @throws MissingException with the reason, if the library cannot be used
   */
  static List<NativeKernels> load() throws MissingException {
    var module = NativeLibrary.class.getModule();
    if (!module.isNativeAccessEnabled()) {
      throw new MissingException(
          "native code is not allowed; start java with --enable-native-access=%s"
              .formatted(module.isNamed() ? module.getName() : "ALL-UNNAMED"));
    }
    try {
      return kernels(lookup());
    } catch (NoSuchElementException e) {
      throw new MissingException(
          "the C library must fit these classes: %s; build Kith again".formatted(e.getMessage()));
    }
  }

  @SuppressWarnings("restricted")
  private static SymbolLookup lookup() throws MissingException {
    String arch = System.getProperty("os.arch");
    String name = arch + "/" + System.mapLibraryName("kith");
    try (var library = NativeLibrary.class.getResourceAsStream(name)) {
      if (library == null) {
        throw new MissingException(
            "this build has no C library for %s on %s; build Kith where there is a C compiler"
                .formatted(System.getProperty("os.name"), arch));
      }
      // A library can be loaded from a file only; once loaded, the file may go.
      Path file = Files.createTempFile("kith-", System.mapLibraryName(""));
      try {
        Files.write(file, library.readAllBytes());
        return SymbolLookup.libraryLookup(file, Arena.global());
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new MissingException(
          "the C library %s cannot be loaded (%s); if the temporary folder forbids running code, name another by -Djava.io.tmpdir"
              .formatted(name, e));
    }
  }

  @SuppressWarnings("restricted")
  private static List<NativeKernels> kernels(SymbolLookup lookup) throws MissingException {
    var linker = Linker.nativeLinker();
    int abi = callInt(linker, lookup.findOrThrow("kith_abi"));
    if (abi != ABI) {
      throw new MissingException(
          "the C library must fit these classes: expected version %d, found %d; build Kith again"
              .formatted(ABI, abi));
    }
    MethodHandle at =
        linker.downcallHandle(
            lookup.findOrThrow("kith_kernels_at"),
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    var found = new ArrayList<NativeKernels>();
    for (int i = 0; ; i++) {
      MemorySegment table;
      try {
        table = (MemorySegment) at.invokeExact(i);
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
      if (table.address() == 0) {
        return found;
      }
      table = table.reinterpret(TABLE_BYTES);
      if (callInt(linker, table.get(ValueLayout.ADDRESS, 8)) != 0) {
        found.add(NativeKernels.of(linker, table));
      }
    }
  }

  @SuppressWarnings("restricted")
  private static int callInt(Linker linker, MemorySegment function) {
    try {
      return (int)
          linker
              .downcallHandle(function, FunctionDescriptor.of(ValueLayout.JAVA_INT))
              .invokeExact();
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
