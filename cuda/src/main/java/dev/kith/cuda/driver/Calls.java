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
  private final EntryPoint.IL errorName;
  private final EntryPoint.IL errorString;

  final EntryPoint.I init;
  final EntryPoint.L driverVersion;
  final EntryPoint.L deviceGetCount;
  final EntryPoint.LI deviceGet;
  final EntryPoint.LII deviceGetName;
  final EntryPoint.LII deviceGetAttribute;
  final EntryPoint.LII deviceGetPciBusId;
  final EntryPoint.LI deviceTotalMem;
  final EntryPoint.LI contextRetain;
  final EntryPoint.I contextRelease;
  final EntryPoint.L contextSetCurrent;
  final EntryPoint.LL memGetInfo;
  final EntryPoint.LL memAlloc;
  final EntryPoint.L memFree;
  final EntryPoint.LLI memHostAlloc;
  final EntryPoint.LLI memHostGetDevicePointer;
  final EntryPoint.L memFreeHost;
  final EntryPoint.LI streamCreate;
  final EntryPoint.L streamDestroy;
  final EntryPoint.L streamSynchronize;
  final EntryPoint.L streamQuery;
  final EntryPoint.LLI streamWaitEvent;
  final EntryPoint.LI streamBeginCapture;
  final EntryPoint.LL streamEndCapture;
  final EntryPoint.LI eventCreate;
  final EntryPoint.L eventDestroy;
  final EntryPoint.LL eventRecord;
  final EntryPoint.L eventSynchronize;
  final EntryPoint.L eventQuery;
  final EntryPoint.LLL eventElapsedTime;
  final EntryPoint.LLLL copyToDevice;
  final EntryPoint.LLLL copyToHost;
  final EntryPoint.LLLL copyOnDevice;
  final EntryPoint.LBLL fillBytes;
  final EntryPoint.LILL fillInts;
  final EntryPoint.LLLLILLI libraryLoadData;
  final EntryPoint.L libraryUnload;
  final EntryPoint.LLL libraryGetKernel;
  final EntryPoint.LL kernelGetFunction;
  final EntryPoint.LII functionSetAttribute;
  final EntryPoint.LIL functionGetAttribute;
  final EntryPoint.LLIL maxActiveBlocks;
  final EntryPoint.LIIIIIIILLL launchKernel;
  final EntryPoint.LLLL launchKernelEx;
  final EntryPoint.LLL graphInstantiate;
  final EntryPoint.LL graphLaunch;
  final EntryPoint.L graphExecDestroy;
  final EntryPoint.L graphDestroy;
  final EntryPoint.LIILLLLLIIII tensorMapEncodeTiled;

  /**
   * Finds every function.
   *
   * @param library with {@code cuGetProcAddress_v2}
   * @throws CudaUnavailableException if the driver lacks one
   */
  Calls(SymbolLookup library) throws CudaUnavailableException {
    this.library = library;
    errorName = new EntryPoint.IL(find("cuGetErrorName"));
    errorString = new EntryPoint.IL(find("cuGetErrorString"));
    init = new EntryPoint.I(find("cuInit"));
    driverVersion = new EntryPoint.L(find("cuDriverGetVersion"));
    deviceGetCount = new EntryPoint.L(find("cuDeviceGetCount"));
    deviceGet = new EntryPoint.LI(find("cuDeviceGet"));
    deviceGetName = new EntryPoint.LII(find("cuDeviceGetName"));
    deviceGetAttribute = new EntryPoint.LII(find("cuDeviceGetAttribute"));
    deviceGetPciBusId = new EntryPoint.LII(find("cuDeviceGetPCIBusId"));
    deviceTotalMem = new EntryPoint.LI(find("cuDeviceTotalMem"));
    contextRetain = new EntryPoint.LI(find("cuDevicePrimaryCtxRetain"));
    contextRelease = new EntryPoint.I(find("cuDevicePrimaryCtxRelease"));
    contextSetCurrent = new EntryPoint.L(find("cuCtxSetCurrent"));
    memGetInfo = new EntryPoint.LL(find("cuMemGetInfo"));
    memAlloc = new EntryPoint.LL(find("cuMemAlloc"));
    memFree = new EntryPoint.L(find("cuMemFree"));
    memHostAlloc = new EntryPoint.LLI(find("cuMemHostAlloc"));
    memHostGetDevicePointer = new EntryPoint.LLI(find("cuMemHostGetDevicePointer"));
    memFreeHost = new EntryPoint.L(find("cuMemFreeHost"));
    streamCreate = new EntryPoint.LI(find("cuStreamCreate"));
    streamDestroy = new EntryPoint.L(find("cuStreamDestroy"));
    streamSynchronize = new EntryPoint.L(find("cuStreamSynchronize"));
    streamQuery = new EntryPoint.L(find("cuStreamQuery"));
    streamWaitEvent = new EntryPoint.LLI(find("cuStreamWaitEvent"));
    streamBeginCapture = new EntryPoint.LI(find("cuStreamBeginCapture"));
    streamEndCapture = new EntryPoint.LL(find("cuStreamEndCapture"));
    eventCreate = new EntryPoint.LI(find("cuEventCreate"));
    eventDestroy = new EntryPoint.L(find("cuEventDestroy"));
    eventRecord = new EntryPoint.LL(find("cuEventRecord"));
    eventSynchronize = new EntryPoint.L(find("cuEventSynchronize"));
    eventQuery = new EntryPoint.L(find("cuEventQuery"));
    eventElapsedTime = new EntryPoint.LLL(find("cuEventElapsedTime"));
    copyToDevice = new EntryPoint.LLLL(find("cuMemcpyHtoDAsync"));
    copyToHost = new EntryPoint.LLLL(find("cuMemcpyDtoHAsync"));
    copyOnDevice = new EntryPoint.LLLL(find("cuMemcpyDtoDAsync"));
    fillBytes = new EntryPoint.LBLL(find("cuMemsetD8Async"));
    fillInts = new EntryPoint.LILL(find("cuMemsetD32Async"));
    libraryLoadData = new EntryPoint.LLLLILLI(find("cuLibraryLoadData"));
    libraryUnload = new EntryPoint.L(find("cuLibraryUnload"));
    libraryGetKernel = new EntryPoint.LLL(find("cuLibraryGetKernel"));
    kernelGetFunction = new EntryPoint.LL(find("cuKernelGetFunction"));
    functionSetAttribute = new EntryPoint.LII(find("cuFuncSetAttribute"));
    functionGetAttribute = new EntryPoint.LIL(find("cuFuncGetAttribute"));
    maxActiveBlocks = new EntryPoint.LLIL(find("cuOccupancyMaxActiveBlocksPerMultiprocessor"));
    launchKernel = new EntryPoint.LIIIIIIILLL(find("cuLaunchKernel"));
    launchKernelEx = new EntryPoint.LLLL(find("cuLaunchKernelEx"));
    graphInstantiate = new EntryPoint.LLL(find("cuGraphInstantiateWithFlags"));
    graphLaunch = new EntryPoint.LL(find("cuGraphLaunch"));
    graphExecDestroy = new EntryPoint.L(find("cuGraphExecDestroy"));
    graphDestroy = new EntryPoint.L(find("cuGraphDestroy"));
    tensorMapEncodeTiled = new EntryPoint.LIILLLLLIIII(find("cuTensorMapEncodeTiled"));
  }

  private EntryPoint.Found find(String name) throws CudaUnavailableException {
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
      return new EntryPoint.Found(name, found, code -> failure(name, code));
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
  private static String words(EntryPoint.IL of, int code, String unknown) {
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
