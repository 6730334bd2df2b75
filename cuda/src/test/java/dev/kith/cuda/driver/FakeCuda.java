package dev.kith.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * fakecuda.c as a driver: compiled by {@code cc}, scripted by {@link #set}. There is one script for
 * the process, emptied by {@link #fresh}.
 */
public final class FakeCuda {
  private static final int MAX_TEXT = 1 << 16;
  private static final Map<String, Path> BUILT = new ConcurrentHashMap<>();

  private final Path file;
  private final SymbolLookup library;

  private FakeCuda(Path file, SymbolLookup library) {
    this.file = file;
    this.library = library;
  }

  /** The whole driver, as if just started. */
  public static FakeCuda fresh() {
    return fresh("fakecuda.c");
  }

  /** A variant of it, as if just started. */
  @SuppressWarnings("restricted")
  static FakeCuda fresh(String source, String... options) {
    Path file = library(source, options);
    var fake = new FakeCuda(file, SymbolLookup.libraryLookup(file, Arena.global()));
    fake.call("fake_reset");
    return fake;
  }

  /** Compiles a file of src/test/c; the test is skipped where there is no C compiler. */
  public static Path library(String source, String... options) {
    return BUILT.computeIfAbsent(
        source + List.of(options),
        key -> {
          try {
            Path folder = Files.createTempDirectory("kith-fake");
            folder.toFile().deleteOnExit();
            Path made = folder.resolve(System.mapLibraryName("fake"));
            made.toFile().deleteOnExit();
            var command = new ArrayList<>(List.of("cc", "-std=gnu17", "-shared", "-fPIC"));
            command.addAll(List.of(options));
            command.addAll(List.of("-o", made.toString(), "src/test/c/" + source));
            Process compiler;
            try {
              compiler = new ProcessBuilder(command).inheritIO().start();
            } catch (IOException e) {
              assumeTrue(false, "no C compiler for the stand-in of the driver: " + e.getMessage());
              throw e;
            }
            if (compiler.waitFor() != 0) {
              throw new AssertionError("cc failed on " + source);
            }
            return made;
          } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
          }
        });
  }

  /** The file, for {@code -Dkith.cuda.library}. */
  Path file() {
    return file;
  }

  /** Loads it as Kith loads a driver. */
  public CudaDriver driver() throws CudaUnavailableException {
    return CudaDriver.load(null, file.toString(), "");
  }

  /** A context of its first device. */
  public Context open() throws CudaUnavailableException {
    return driver().devices().getFirst().open();
  }

  /** Scripts a result by the name of a call, -1 hiding the call, or another key of fakecuda.c. */
  @SuppressWarnings("restricted")
  public FakeCuda set(String key, long value) {
    try (var arena = Arena.ofConfined()) {
      Linker.nativeLinker()
          .downcallHandle(
              library.findOrThrow("fake_set"), FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG))
          .invokeExact(arena.allocateFrom(key), value);
      return this;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @SuppressWarnings("restricted")
  private long call(String name) {
    try {
      return (long)
          Linker.nativeLinker()
              .downcallHandle(library.findOrThrow(name), FunctionDescriptor.of(JAVA_LONG))
              .invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @SuppressWarnings("restricted")
  private String text(String name) {
    return MemorySegment.ofAddress(call(name)).reinterpret(MAX_TEXT).getString(0);
  }

  /** The calls since the start, each with its subject in hexadecimal. */
  List<String> calls() {
    return text("fake_calls").lines().toList();
  }

  /** Only the calls of those names, without their subjects. */
  public List<String> calls(String... names) {
    return calls().stream()
        .map(call -> call.substring(0, call.lastIndexOf(' ')))
        .filter(List.of(names)::contains)
        .toList();
  }

  /** The image that was loaded last, {@code fatbin} if it was one. */
  public String image() {
    return text("fake_image");
  }

  /** Allocations that were not freed. */
  public long allocated() {
    return call("fake_allocated");
  }

  /** What the last launch passed, as laid out in fakecuda.c. */
  @SuppressWarnings("restricted")
  MemorySegment launch() {
    return MemorySegment.ofAddress(call("fake_launch")).reinterpret(256);
  }

  /** What the last tensor map was made from, as laid out in fakecuda.c. */
  @SuppressWarnings("restricted")
  MemorySegment tensor() {
    return MemorySegment.ofAddress(call("fake_tensor")).reinterpret(128);
  }
}
