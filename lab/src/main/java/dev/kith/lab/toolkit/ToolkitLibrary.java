package dev.kith.lab.toolkit;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Library of CUDA's toolkit that was loaded, and stays so.
 *
 * @param place name or file that it was loaded by
 * @param symbols functions of the library
 */
public record ToolkitLibrary(String place, SymbolLookup symbols) {
  private static final List<String> FOLDERS =
      List.of("lib64", "extras/CUPTI/lib64", "lib", "targets/x86_64-linux/lib");

  /** Thrown when the library cannot be used; the message says why and what to do. */
  public static final class MissingException extends Exception {
    private static final long serialVersionUID = 1;

    /** Creates the exception with its message. */
    public MissingException(String reason) {
      super(reason);
    }
  }

  /**
   * Looks for a library: in the file that the environment names, and nowhere else if it names one;
   * else where the system's loader looks, then in the folders of {@code CUDA_HOME} and {@code
   * /usr/local/cuda}.
   *
   * @param library name that people use, such as {@code libcupti}
   * @param variable variable of the environment
   * @param names names of the file, the best first
   * @throws MissingException if it is not there, or native code is not allowed
   */
  public static ToolkitLibrary find(String library, String variable, List<String> names)
      throws MissingException {
    return find(library, variable, System.getenv(variable), names);
  }

  /** Looks for a library, {@code named} being the variable's value. */
  static ToolkitLibrary find(
      String library, String variable, @Nullable String named, List<String> names)
      throws MissingException {
    requireNativeAccess();
    for (var place : named != null ? List.of(named) : places(names)) {
      var found = open(place);
      if (found.isPresent()) {
        return new ToolkitLibrary(place, found.get());
      }
    }
    throw new MissingException(
        named != null
            ? "%s must name %s.so: %s=%s cannot be loaded"
                .formatted(variable, library, variable, named)
            : ("%s was not found (LD_LIBRARY_PATH, CUDA_HOME, /usr/local/cuda); it comes with"
                    + " CUDA's toolkit; or set %s to the file")
                .formatted(library, variable));
  }

  /**
   * Checks that native code is allowed, without which nothing can be loaded.
   *
   * @throws MissingException if native code is not allowed
   */
  public static void requireNativeAccess() throws MissingException {
    var module = ToolkitLibrary.class.getModule();
    if (!module.isNativeAccessEnabled()) {
      throw new MissingException(
          "native code is not allowed; start java with --enable-native-access=%s"
              .formatted(module.isNamed() ? module.getName() : "ALL-UNNAMED"));
    }
  }

  private static List<String> places(List<String> names) {
    var places = new ArrayList<>(names);
    for (var home : new String[] {System.getenv("CUDA_HOME"), "/usr/local/cuda"}) {
      for (String folder : FOLDERS) {
        for (String name : names) {
          if (home != null && Files.exists(Path.of(home, folder, name))) {
            places.add(Path.of(home, folder, name).toString());
          }
        }
      }
    }
    return places;
  }

  /**
   * Loads a library.
   *
   * @param name path of a file, if it has a {@code /}; else a name that the system's loader looks
   *     for
   * @return empty if there is none
   */
  @SuppressWarnings("restricted")
  public static Optional<SymbolLookup> open(String name) {
    try {
      return Optional.of(
          name.contains("/")
              ? SymbolLookup.libraryLookup(Path.of(name), Arena.global())
              : SymbolLookup.libraryLookup(name, Arena.global()));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // the loader says no more than that
    }
  }
}
