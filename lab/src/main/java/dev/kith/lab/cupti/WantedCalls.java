package dev.kith.lab.cupti;

import dev.kith.lab.cupti.CuptiLibrary.CuptiException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Selection of the calls that a reader of a profile asks for: those that start work, move or set
 * bytes, allocate or free memory, wait, or load code. Each recorded call costs the program that
 * makes it, so the many that only query or mark something ({@code cuEventRecord}, {@code
 * cuStreamQuery}, {@code cuCtxSetCurrent}) are left out. Chosen by name, so that versions of a
 * call, and calls of later versions of CUDA, are in.
 *
 * <p>Calls of the runtime are wanted, too: Kith makes none, but ONNX Runtime does where it embeds
 * on a GPU; unmade they cost nothing.
 *
 * @param driver numbers of the driver's calls
 * @param runtime numbers of the runtime's
 */
record WantedCalls(List<Integer> driver, List<Integer> runtime) {
  private static final Pattern WANTED =
      Pattern.compile(
          "cu(da)?(Launch|Memcpy|Memset|Mem(Alloc|Free|Host(Alloc|Register|Unregister)|Create|Map"
              + "|Prefetch|Release|Unmap)|Malloc|Free|Host(Alloc|Register|Unregister)"
              + "|(Ctx|Device|Event|Stream|Thread)Synchronize|Graph(Instantiate|Launch|Upload)"
              + "|(Library|Module)(Load|Unload)).*");

  /**
   * Unknown numbers in a row that end the search: numbers have no gaps so far, and a small one
   * would not end it.
   */
  private static final int UNKNOWN_IN_A_ROW = 16;

  /** Finds the wanted calls that {@code library} knows. */
  static WantedCalls of(CuptiLibrary library) {
    return new WantedCalls(numbers(library, true), numbers(library, false));
  }

  private static List<Integer> numbers(CuptiLibrary library, boolean driver) {
    var numbers = new ArrayList<Integer>();
    int unknown = 0;
    for (int number = 1; unknown < UNKNOWN_IN_A_ROW; number++) {
      var name = library.knownCall(driver, number);
      unknown = name == null ? unknown + 1 : 0;
      if (name != null && isWanted(name)) {
        numbers.add(number);
      }
    }
    return List.copyOf(numbers);
  }

  /** Whether the call of a name, with its version, is wanted. */
  static boolean isWanted(String name) {
    return WANTED.matcher(name).matches();
  }

  /** Starts or stops recording the calls. */
  void record(CuptiLibrary library, boolean on) throws CuptiException {
    for (int number : driver) {
      library.recordCall(true, number, on);
    }
    for (int number : runtime) {
      library.recordCall(false, number, on);
    }
  }
}
