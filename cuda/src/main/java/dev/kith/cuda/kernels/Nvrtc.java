package dev.kith.cuda.kernels;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.kith.cuda.driver.CudaUnavailableException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** NVIDIA's compiler as a library (libnvrtc), through FFM. Needs neither a GPU nor a driver. */
final class Nvrtc {
  /** Names the library's file. */
  static final String LIBRARY = "kith.cuda.nvrtc";

  /** The oldest that compiles C++17 for what Kith runs on. */
  private static final int OLDEST_MAJOR = 12;

  private static final String USUAL_FOLDER = "/usr/local/cuda/lib64/";
  private static final int MAX_TEXT = 256;

  private final SymbolLookup library;
  private final String version;
  private final List<Integer> architectures;

  private Nvrtc(SymbolLookup library) {
    this.library = library;
    try (var arena = Arena.ofConfined()) {
      var numbers = arena.allocate(JAVA_INT, 2);
      call("nvrtcVersion", numbers, numbers.asSlice(JAVA_INT.byteSize()));
      version = "%d.%d".formatted(numbers.getAtIndex(JAVA_INT, 0), numbers.getAtIndex(JAVA_INT, 1));
      call("nvrtcGetNumSupportedArchs", numbers);
      var found = arena.allocate(JAVA_INT, numbers.get(JAVA_INT, 0));
      call("nvrtcGetSupportedArchs", found);
      architectures = found.elements(JAVA_INT).map(each -> each.get(JAVA_INT, 0)).toList();
    }
  }

  /**
   * The library of this system that fits a driver best: of its major version, else an older one.
   *
   * @param file as named by the option, or null
   * @param driverVersion 1000 major + 10 minor
   * @throws CudaUnavailableException with the reason
   */
  static Nvrtc find(@Nullable String file, int driverVersion) throws CudaUnavailableException {
    if (file != null) {
      var named = Files.isRegularFile(Path.of(file)) ? lookup(Path.of(file)) : null;
      if (named == null) {
        throw new CudaUnavailableException(
            "%s, which -D%s names, is no library that can be loaded".formatted(file, LIBRARY));
      }
      return of(named, file);
    }
    return search(names(driverVersion));
  }

  /** What to look for, the best first. */
  static List<String> names(int driverVersion) {
    var names = new ArrayList<String>();
    for (int major = driverVersion / 1000; major >= OLDEST_MAJOR; major--) {
      names.add("libnvrtc.so." + major);
    }
    names.add("libnvrtc.so");
    return names;
  }

  /** The first library of those names that the system has. */
  static Nvrtc search(List<String> names) throws CudaUnavailableException {
    for (var name : names) {
      var found = lookup(name);
      if (found == null) {
        found = lookup(Path.of(USUAL_FOLDER + name));
      }
      if (found != null) {
        return of(found, name);
      }
    }
    throw new CudaUnavailableException(
        "libnvrtc was not found (%s; -D%s=FILE names it)"
            .formatted(String.join(", ", names), LIBRARY));
  }

  private static Nvrtc of(SymbolLookup library, String name) throws CudaUnavailableException {
    try {
      return new Nvrtc(library);
    } catch (IllegalStateException e) {
      throw new CudaUnavailableException(
          "%s is no usable libnvrtc: %s".formatted(name, e.getMessage()));
    }
  }

  @SuppressWarnings("restricted")
  private static @Nullable SymbolLookup lookup(String name) {
    try {
      return SymbolLookup.libraryLookup(name, Arena.global());
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** A library by its file, after the one beside it that it opens itself, by name alone. */
  @SuppressWarnings("restricted")
  private static @Nullable SymbolLookup lookup(Path file) {
    try {
      var library = SymbolLookup.libraryLookup(file, Arena.global());
      var folder = file.toAbsolutePath().getParent();
      if (folder != null) {
        try (var builtins = Files.newDirectoryStream(folder, "libnvrtc-builtins.so.*")) {
          for (var each : builtins) {
            SymbolLookup.libraryLookup(each, Arena.global());
          }
        }
      }
      return library;
    } catch (IllegalArgumentException | IOException | DirectoryIteratorException e) {
      return null;
    }
  }

  /** As in {@code 13.0}. */
  String version() {
    return version;
  }

  /**
   * The kind of code for a device: {@code sm_90}, machine code, where this compiler knows it, else
   * {@code compute_89} and the like, PTX of the newest that it knows below the device.
   *
   * @param capability 10 major + minor
   * @throws CudaUnavailableException if it knows none
   */
  String target(int capability) throws CudaUnavailableException {
    if (architectures.contains(capability)) {
      return "sm_" + capability;
    }
    return architectures.stream()
        .filter(known -> known < capability)
        .max(Integer::compare)
        .map(known -> "compute_" + known)
        .orElseThrow(
            () ->
                new CudaUnavailableException(
                    "libnvrtc %s knows nothing for compute capability %d.%d"
                        .formatted(version, capability / 10, capability % 10)));
  }

  /**
   * Compiles a source.
   *
   * @param file its name, for messages
   * @param headers what it may include, by name
   * @param target {@code sm_90} for machine code, {@code compute_90} for PTX
   * @return the image, for {@link dev.kith.cuda.driver.Context#load}
   * @throws CudaUnavailableException with the compiler's first complaint
   */
  byte[] compile(String file, String source, Map<String, String> headers, String target)
      throws CudaUnavailableException {
    try (var arena = Arena.ofConfined()) {
      var program = arena.allocate(ADDRESS);
      check(
          "nvrtcCreateProgram",
          invoke(
              "nvrtcCreateProgram",
              program,
              arena.allocateFrom(source),
              arena.allocateFrom(file),
              headers.size(),
              texts(arena, List.copyOf(headers.values())),
              texts(arena, List.copyOf(headers.keySet()))));
      try {
        return compile(arena, program.get(ADDRESS, 0), file, target);
      } finally {
        call("nvrtcDestroyProgram", program);
      }
    }
  }

  private byte[] compile(Arena arena, MemorySegment program, String file, String target)
      throws CudaUnavailableException {
    var options = texts(arena, List.of("--gpu-architecture=" + target, "--std=c++17"));
    int result = invoke("nvrtcCompileProgram", program, 2, options);
    if (result != 0) {
      throw new CudaUnavailableException(
          "libnvrtc %s cannot compile %s for %s (%s): %s"
              .formatted(version, file, target, text(result), complaint(program)));
    }
    return output(program, target.startsWith("sm_") ? "nvrtcGetCUBIN" : "nvrtcGetPTX");
  }

  /** The first line of the compiler's log that tells of an error. */
  private String complaint(MemorySegment program) {
    byte[] log = output(program, "nvrtcGetProgramLog");
    return MemorySegment.ofArray(log)
        .getString(0)
        .lines()
        .filter(line -> line.contains("error"))
        .findFirst()
        .orElse("it does not say why");
  }

  /** What a getter gives, whose twin named Size tells how many bytes. */
  private byte[] output(MemorySegment program, String getter) {
    try (var arena = Arena.ofConfined()) {
      var size = arena.allocate(JAVA_LONG);
      call(getter + "Size", program, size);
      var bytes = arena.allocate(size.get(JAVA_LONG, 0));
      call(getter, program, bytes);
      return bytes.toArray(JAVA_BYTE);
    }
  }

  private static MemorySegment texts(Arena arena, List<String> texts) {
    var pointers = arena.allocate(ADDRESS, texts.size());
    for (int i = 0; i < texts.size(); i++) {
      pointers.setAtIndex(ADDRESS, i, arena.allocateFrom(texts.get(i)));
    }
    return pointers;
  }

  private void call(String name, Object... arguments) {
    check(name, invoke(name, arguments));
  }

  private void check(String name, int result) {
    if (result != 0) {
      throw new IllegalStateException("%s failed: %s".formatted(name, text(result)));
    }
  }

  /** Calls a function that returns a result; a compilation takes seconds, so nothing is kept. */
  private int invoke(String name, Object... arguments) {
    var parameters = new MemoryLayout[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      parameters[i] = arguments[i] instanceof Integer ? JAVA_INT : ADDRESS;
    }
    try {
      return (int)
          handle(name, FunctionDescriptor.of(JAVA_INT, parameters)).invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException("%s cannot be called: %s".formatted(name, e), e);
    }
  }

  @SuppressWarnings("restricted")
  private String text(int result) {
    try {
      var text =
          (MemorySegment)
              handle("nvrtcGetErrorString", FunctionDescriptor.of(ADDRESS, JAVA_INT))
                  .invokeExact(result);
      return text.reinterpret(MAX_TEXT).getString(0);
    } catch (Throwable e) {
      throw new IllegalStateException("nvrtcGetErrorString cannot be called: " + e, e);
    }
  }

  @SuppressWarnings("restricted")
  private MethodHandle handle(String name, FunctionDescriptor shape) {
    return Linker.nativeLinker().downcallHandle(library.findOrThrow(name), shape);
  }
}
