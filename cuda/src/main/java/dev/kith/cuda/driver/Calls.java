package dev.kith.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.function.LongConsumer;

/**
 * The functions of a loaded libcuda. All come from {@code cuGetProcAddress}, which gives for each
 * name the version of CUDA {@value #SEMANTICS}, whatever the driver's own is, with the legacy
 * default stream (which Kith does not use). So a signature cannot change under us, and {@code
 * cuMemAlloc} here is what headers call {@code cuMemAlloc_v2}.
 */
final class Calls {
  /** What every name means: 1000 major + 10 minor. Drivers older than that are refused. */
  static final int SEMANTICS = 12000;

  private static final long LEGACY_STREAM = 1;
  private static final int MAX_TEXT = 1024;

  @SuppressWarnings("restricted")
  private static final MethodHandle PROC_ADDRESS =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_LONG, ADDRESS));

  private final SymbolLookup library;
  private final Function.IL errorName;
  private final Function.IL errorString;

  final Function.I init;
  final Function.L driverVersion;
  final Function.L deviceGetCount;
  final Function.LI deviceGet;
  final Function.LII deviceGetName;
  final Function.LII deviceGetAttribute;
  final Function.LII deviceGetPciBusId;
  final Function.LI deviceTotalMem;
  final Function.LI contextRetain;
  final Function.I contextRelease;
  final Function.L contextSetCurrent;
  final Function.LL memGetInfo;
  final Function.LL memAlloc;
  final Function.L memFree;
  final Function.LLI memHostAlloc;
  final Function.LLI memHostGetDevicePointer;
  final Function.L memFreeHost;
  final Function.LI streamCreate;
  final Function.L streamDestroy;
  final Function.L streamSynchronize;
  final Function.L streamQuery;
  final Function.LLI streamWaitEvent;
  final Function.LI streamBeginCapture;
  final Function.LL streamEndCapture;
  final Function.LI eventCreate;
  final Function.L eventDestroy;
  final Function.LL eventRecord;
  final Function.L eventSynchronize;
  final Function.L eventQuery;
  final Function.LLL eventElapsedTime;
  final Function.LLLL copyToDevice;
  final Function.LLLL copyToHost;
  final Function.LLLL copyOnDevice;
  final Function.LBLL fillBytes;
  final Function.LILL fillInts;
  final Function.LLLLILLI libraryLoadData;
  final Function.L libraryUnload;
  final Function.LLL libraryGetKernel;
  final Function.LL kernelGetFunction;
  final Function.LII functionSetAttribute;
  final Function.LIL functionGetAttribute;
  final Function.LLIL maxActiveBlocks;
  final Function.LIIIIIIILLL launchKernel;
  final Function.LLLL launchKernelEx;
  final Function.LLL graphInstantiate;
  final Function.LL graphLaunch;
  final Function.L graphExecDestroy;
  final Function.L graphDestroy;
  final Function.LIILLLLLIIII tensorMapEncodeTiled;

  /**
   * Finds every function.
   *
   * @param library with {@code cuGetProcAddress_v2}
   * @throws CudaUnavailableException if the driver lacks one
   */
  Calls(SymbolLookup library) throws CudaUnavailableException {
    this.library = library;
    errorName = new Function.IL(find("cuGetErrorName"));
    errorString = new Function.IL(find("cuGetErrorString"));
    init = new Function.I(find("cuInit"));
    driverVersion = new Function.L(find("cuDriverGetVersion"));
    deviceGetCount = new Function.L(find("cuDeviceGetCount"));
    deviceGet = new Function.LI(find("cuDeviceGet"));
    deviceGetName = new Function.LII(find("cuDeviceGetName"));
    deviceGetAttribute = new Function.LII(find("cuDeviceGetAttribute"));
    deviceGetPciBusId = new Function.LII(find("cuDeviceGetPCIBusId"));
    deviceTotalMem = new Function.LI(find("cuDeviceTotalMem"));
    contextRetain = new Function.LI(find("cuDevicePrimaryCtxRetain"));
    contextRelease = new Function.I(find("cuDevicePrimaryCtxRelease"));
    contextSetCurrent = new Function.L(find("cuCtxSetCurrent"));
    memGetInfo = new Function.LL(find("cuMemGetInfo"));
    memAlloc = new Function.LL(find("cuMemAlloc"));
    memFree = new Function.L(find("cuMemFree"));
    memHostAlloc = new Function.LLI(find("cuMemHostAlloc"));
    memHostGetDevicePointer = new Function.LLI(find("cuMemHostGetDevicePointer"));
    memFreeHost = new Function.L(find("cuMemFreeHost"));
    streamCreate = new Function.LI(find("cuStreamCreate"));
    streamDestroy = new Function.L(find("cuStreamDestroy"));
    streamSynchronize = new Function.L(find("cuStreamSynchronize"));
    streamQuery = new Function.L(find("cuStreamQuery"));
    streamWaitEvent = new Function.LLI(find("cuStreamWaitEvent"));
    streamBeginCapture = new Function.LI(find("cuStreamBeginCapture"));
    streamEndCapture = new Function.LL(find("cuStreamEndCapture"));
    eventCreate = new Function.LI(find("cuEventCreate"));
    eventDestroy = new Function.L(find("cuEventDestroy"));
    eventRecord = new Function.LL(find("cuEventRecord"));
    eventSynchronize = new Function.L(find("cuEventSynchronize"));
    eventQuery = new Function.L(find("cuEventQuery"));
    eventElapsedTime = new Function.LLL(find("cuEventElapsedTime"));
    copyToDevice = new Function.LLLL(find("cuMemcpyHtoDAsync"));
    copyToHost = new Function.LLLL(find("cuMemcpyDtoHAsync"));
    copyOnDevice = new Function.LLLL(find("cuMemcpyDtoDAsync"));
    fillBytes = new Function.LBLL(find("cuMemsetD8Async"));
    fillInts = new Function.LILL(find("cuMemsetD32Async"));
    libraryLoadData = new Function.LLLLILLI(find("cuLibraryLoadData"));
    libraryUnload = new Function.L(find("cuLibraryUnload"));
    libraryGetKernel = new Function.LLL(find("cuLibraryGetKernel"));
    kernelGetFunction = new Function.LL(find("cuKernelGetFunction"));
    functionSetAttribute = new Function.LII(find("cuFuncSetAttribute"));
    functionGetAttribute = new Function.LIL(find("cuFuncGetAttribute"));
    maxActiveBlocks = new Function.LLIL(find("cuOccupancyMaxActiveBlocksPerMultiprocessor"));
    launchKernel = new Function.LIIIIIIILLL(find("cuLaunchKernel"));
    launchKernelEx = new Function.LLLL(find("cuLaunchKernelEx"));
    graphInstantiate = new Function.LLL(find("cuGraphInstantiateWithFlags"));
    graphLaunch = new Function.LL(find("cuGraphLaunch"));
    graphExecDestroy = new Function.L(find("cuGraphExecDestroy"));
    graphDestroy = new Function.L(find("cuGraphDestroy"));
    tensorMapEncodeTiled = new Function.LIILLLLLIIII(find("cuTensorMapEncodeTiled"));
  }

  private Function.Found find(String name) throws CudaUnavailableException {
    try (var arena = Arena.ofConfined()) {
      var address = arena.allocate(ADDRESS);
      var status = arena.allocate(JAVA_INT);
      int result;
      try {
        result =
            (int)
                PROC_ADDRESS.invokeExact(
                    library.findOrThrow("cuGetProcAddress_v2"),
                    arena.allocateFrom(name),
                    address,
                    SEMANTICS,
                    LEGACY_STREAM,
                    status);
      } catch (Throwable e) {
        throw new IllegalStateException("cuGetProcAddress cannot be called: " + e, e);
      }
      var found = address.get(ADDRESS, 0);
      if (result != Result.SUCCESS || status.get(JAVA_INT, 0) != 0 || found.address() == 0) {
        throw new CudaUnavailableException(
            "the NVIDIA driver has no %s of CUDA 12.0 (result %d, status %d); install the driver again"
                .formatted(name, result, status.get(JAVA_INT, 0)));
      }
      return new Function.Found(name, found, code -> failure(name, code));
    }
  }

  /** What a result says about a call. */
  CudaException failure(String call, int code) {
    return new CudaException(
        call,
        code,
        words(errorName, code, "CUDA error " + code),
        words(errorString, code, "the driver has no words for it"));
  }

  @SuppressWarnings("restricted")
  private static String words(Function.IL of, int code, String unknown) {
    try (var arena = Arena.ofConfined()) {
      var text = arena.allocate(ADDRESS);
      int result = of.result(code, text.address());
      var words = text.get(ADDRESS, 0);
      return result != Result.SUCCESS || words.address() == 0
          ? unknown
          : words.reinterpret(MAX_TEXT).getString(0);
    }
  }

  /** What a call writes to the address that it is given. */
  static long longFrom(LongConsumer call) {
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(JAVA_LONG);
      call.accept(out.address());
      return out.get(JAVA_LONG, 0);
    }
  }

  /** What a call writes to the address that it is given. */
  static int intFrom(LongConsumer call) {
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(JAVA_INT);
      call.accept(out.address());
      return out.get(JAVA_INT, 0);
    }
  }

  /** The text that a call writes to the address that it is given. */
  static String textFrom(int bytes, LongConsumer call) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(bytes);
      call.accept(out.address());
      return out.getString(0);
    }
  }
}
