package dev.kith.lab.cupti;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.kith.lab.toolkit.ToolkitLibrary;
import dev.kith.lab.toolkit.ToolkitLibrary.MissingException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** The functions of libcupti that a profile needs. Stays loaded. */
final class CuptiLibrary {
  /** {@code CUPTI_ERROR_MAX_LIMIT_REACHED}: the buffer has no more records. */
  static final int NO_MORE = 12;

  private static final int DRIVER_API = 1;
  private static final int RUNTIME_API = 2;

  private static final List<String> NAMES =
      List.of("libcupti.so.13", "libcupti.so.12", "libcupti.so");

  private static final Linker LINKER = Linker.nativeLinker();

  private final MethodHandle register;
  private final MethodHandle enable;
  private final MethodHandle disable;
  private final MethodHandle flush;
  private final MethodHandle next;
  private final MethodHandle dropped;
  private final MethodHandle timestamp;
  private final MethodHandle callbackName;
  private final MethodHandle resultString;
  private final MethodHandle threadIds;
  private final @Nullable MethodHandle driverCall;
  private final @Nullable MethodHandle runtimeCall;
  private final @Nullable MethodHandle demangle;
  private final @Nullable MethodHandle free;

  /** Callbacks that provide and take back buffers. They must not throw: CUPTI calls them. */
  interface Buffers {
    /**
     * Provides a buffer.
     *
     * @param buffer place that its address is written to
     * @param size place that its size in bytes is written to
     * @param most place that the most records it may hold are written to; 0 for all that fit
     */
    void request(MemorySegment buffer, MemorySegment size, MemorySegment most);

    /** Takes a buffer back, of which {@code valid} bytes are records. */
    void complete(MemorySegment context, int stream, MemorySegment buffer, long size, long valid);
  }

  /**
   * Finds the library.
   *
   * @throws MissingException if there is none, or nothing that it could record
   */
  static CuptiLibrary find() throws MissingException {
    ToolkitLibrary.requireNativeAccess();
    if (ToolkitLibrary.open("libcuda.so.1").isEmpty()) {
      throw new MissingException("there is no NVIDIA driver here (libcuda.so.1)");
    }
    var library = ToolkitLibrary.find("libcupti", "KITH_CUPTI", NAMES);
    try {
      return new CuptiLibrary(library.symbols());
    } catch (NoSuchElementException e) {
      throw new MissingException(
          "libcupti lacks a function: file=%s: %s; take that of CUDA 12 or 13"
              .formatted(library.place(), e.getMessage()));
    }
  }

  /** Binds the functions of a library that was loaded. */
  CuptiLibrary(SymbolLookup lookup) {
    register = function(lookup, "cuptiActivityRegisterCallbacks", JAVA_INT, ADDRESS, ADDRESS);
    enable = function(lookup, "cuptiActivityEnable", JAVA_INT, JAVA_INT);
    disable = function(lookup, "cuptiActivityDisable", JAVA_INT, JAVA_INT);
    flush = function(lookup, "cuptiActivityFlushAll", JAVA_INT, JAVA_INT);
    next = function(lookup, "cuptiActivityGetNextRecord", JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS);
    dropped =
        function(lookup, "cuptiActivityGetNumDroppedRecords", JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);
    timestamp = function(lookup, "cuptiGetTimestamp", JAVA_INT, ADDRESS);
    callbackName = function(lookup, "cuptiGetCallbackName", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    resultString = function(lookup, "cuptiGetResultString", JAVA_INT, JAVA_INT, ADDRESS);
    threadIds = function(lookup, "cuptiSetThreadIdType", JAVA_INT, JAVA_INT);
    driverCall = optional(lookup, "cuptiActivityEnableDriverApi", JAVA_INT, JAVA_INT, JAVA_BYTE);
    runtimeCall = optional(lookup, "cuptiActivityEnableRuntimeApi", JAVA_INT, JAVA_INT, JAVA_BYTE);
    var cpp = ToolkitLibrary.open("libstdc++.so.6");
    demangle =
        cpp.map(
                found ->
                    function(found, "__cxa_demangle", ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS))
            .orElse(null);
    free =
        LINKER
            .defaultLookup()
            .find("free")
            .map(f -> bind(f, FunctionDescriptor.ofVoid(ADDRESS)))
            .orElse(null);
  }

  private static MethodHandle function(
      SymbolLookup lookup, String name, MemoryLayout result, MemoryLayout... parameters) {
    return bind(lookup.findOrThrow(name), FunctionDescriptor.of(result, parameters));
  }

  private static @Nullable MethodHandle optional(
      SymbolLookup lookup, String name, MemoryLayout result, MemoryLayout... parameters) {
    return lookup
        .find(name)
        .map(found -> bind(found, FunctionDescriptor.of(result, parameters)))
        .orElse(null);
  }

  @SuppressWarnings("restricted")
  private static MethodHandle bind(MemorySegment function, FunctionDescriptor type) {
    return LINKER.downcallHandle(function, type);
  }

  /** Registers the callbacks that CUPTI asks for buffers, to the end of the process. */
  @SuppressWarnings("restricted")
  void register(Buffers buffers) throws CuptiException {
    try {
      var lookup = MethodHandles.lookup();
      var request =
          lookup
              .findVirtual(
                  Buffers.class,
                  "request",
                  MethodType.methodType(
                      void.class, MemorySegment.class, MemorySegment.class, MemorySegment.class))
              .bindTo(buffers);
      var complete =
          lookup
              .findVirtual(
                  Buffers.class,
                  "complete",
                  MethodType.methodType(
                      void.class,
                      MemorySegment.class,
                      int.class,
                      MemorySegment.class,
                      long.class,
                      long.class))
              .bindTo(buffers);
      var requestStub =
          LINKER.upcallStub(
              request, FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, ADDRESS), Arena.global());
      var completeStub =
          LINKER.upcallStub(
              complete,
              FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG),
              Arena.global());
      check("cuptiActivityRegisterCallbacks", call(register, requestStub, completeStub));
    } catch (NoSuchMethodException | IllegalAccessException e) {
      throw new LinkageError("Buffers has these methods", e);
    }
  }

  void enable(int kind) throws CuptiException {
    check("cuptiActivityEnable(%d)".formatted(kind), call(enable, kind));
  }

  void disable(int kind) throws CuptiException {
    check("cuptiActivityDisable(%d)".formatted(kind), call(disable, kind));
  }

  /** Whether calls can be chosen one by one; older libraries record all or none. */
  boolean choosesCalls() {
    return driverCall != null && runtimeCall != null;
  }

  /** Starts or stops recording a function of driver or runtime. */
  void recordCall(boolean driver, int number, boolean on) throws CuptiException {
    var function = driver ? driverCall : runtimeCall;
    if (function == null) {
      throw new IllegalStateException("this libcupti cannot choose calls");
    }
    check(
        "cuptiActivityEnable%sApi(%d)".formatted(driver ? "Driver" : "Runtime", number),
        call(function, number, (byte) (on ? 1 : 0)));
  }

  /** Hands over all buffers, even those that are not full. */
  void flush() throws CuptiException {
    check("cuptiActivityFlushAll", call(flush, 1));
  }

  /** Makes records number threads as the operating system does. */
  void useSystemThreadIds() throws CuptiException {
    check("cuptiSetThreadIdType", call(threadIds, 1));
  }

  /**
   * Puts into {@code place} the record after the one that it holds, or the first if it holds null.
   *
   * @return 0, {@link #NO_MORE}, or the code of an error
   */
  int next(MemorySegment buffer, long valid, MemorySegment place) {
    try {
      return (int) next.invokeExact(buffer, valid, place); // once a record, so not by call()
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Number of records of a stream that had no room. */
  long dropped(MemorySegment context, int stream) {
    try (var arena = Arena.ofConfined()) {
      var count = arena.allocate(JAVA_LONG);
      return call(dropped, context, stream, count) == 0 ? count.get(JAVA_LONG, 0) : 0;
    }
  }

  /** Time of CUPTI's clock, in nanoseconds. */
  long timestamp() throws CuptiException {
    try (var arena = Arena.ofConfined()) {
      var time = arena.allocate(JAVA_LONG);
      check("cuptiGetTimestamp", call(timestamp, time));
      return time.get(JAVA_LONG, 0);
    }
  }

  /** Name of a function of driver or runtime, with its version. */
  String callName(boolean driver, int number) {
    var name = knownCall(driver, number);
    return name != null ? name : "%s function %d".formatted(driver ? "driver" : "runtime", number);
  }

  /** Name of a function of driver or runtime, or null if there is none of that number. */
  @Nullable String knownCall(boolean driver, int number) {
    try (var arena = Arena.ofConfined()) {
      var name = arena.allocate(ADDRESS);
      int failed = call(callbackName, driver ? DRIVER_API : RUNTIME_API, number, name);
      return failed == 0 ? text(name.get(ADDRESS, 0).address()) : null;
    }
  }

  /** Text at an address; empty at null. */
  @SuppressWarnings("restricted")
  static String text(long address) {
    return address == 0
        ? ""
        : MemorySegment.ofAddress(address).reinterpret(Long.MAX_VALUE).getString(0);
  }

  /**
   * Demangles a C++ name, with its parameters; returns the name itself if it is none or cannot be
   * demangled.
   */
  String demangled(String name) {
    if (demangle == null || free == null || !name.startsWith("_Z")) {
      return name;
    }
    try (var arena = Arena.ofConfined()) {
      var status = arena.allocate(JAVA_INT);
      MemorySegment found;
      try {
        found =
            (MemorySegment)
                demangle.invokeExact(
                    arena.allocateFrom(name), MemorySegment.NULL, MemorySegment.NULL, status);
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
      if (found.address() == 0) {
        return name;
      }
      String text = text(found.address());
      try {
        free.invokeExact(found);
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
      return text;
    }
  }

  private void check(String call, int result) throws CuptiException {
    if (result != 0) {
      try (var arena = Arena.ofConfined()) {
        var text = arena.allocate(ADDRESS);
        boolean known = call(resultString, result, text) == 0;
        throw new CuptiException(
            "%s gave %s"
                .formatted(call, known ? text(text.get(ADDRESS, 0).address()) : "error " + result));
      }
    }
  }

  private static int call(MethodHandle function, Object... arguments) {
    try {
      return (int) function.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Thrown when a call of CUPTI failed. */
  static final class CuptiException extends Exception {
    private static final long serialVersionUID = 1;

    CuptiException(String message) {
      super(message);
    }
  }
}
