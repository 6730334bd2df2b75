package dev.kith.lab.nvtx;

import dev.kith.lab.toolkit.ToolkitLibrary;
import dev.kith.lab.toolkit.ToolkitLibrary.MissingException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Hands ranges to the tool that watches this process, such as Nsight Systems, in its own clock and
 * beside all else that it records. Ranges are a thread's: pushed and popped by the same thread, the
 * last pushed popped first. Safe for many threads.
 *
 * <p>Without a tool each call is one look at a constant. A tool says that it is there by {@code
 * NVTX_INJECTION64_PATH}: that is where NVTX itself finds it, once, at its first call, so nothing
 * that comes later could attach one. The library is therefore looked for at the first range, and
 * only where the variable is set: a process that nobody watches loads nothing.
 */
public final class Nvtx {
  /**
   * Environment variable that names the tool's library; set by the tool, as Nsight Systems does for
   * programs that it starts.
   */
  static final String TOOL = "NVTX_INJECTION64_PATH";

  private static final List<String> NAMES = List.of("libnvtx3interop.so.1", "libnvtx3interop.so");

  private static final Logger LOG = System.getLogger(Nvtx.class.getName());

  private static final @Nullable Nvtx ATTACHED = attached(System.getenv(TOOL));

  private final NvtxLibrary library;
  private final Map<String, MemorySegment> domains = new ConcurrentHashMap<>();

  /** Creates the ranges of a loaded library. */
  Nvtx(NvtxLibrary library) {
    this.library = library;
  }

  /** Ranges of this process, or null if no tool is attached. */
  public static @Nullable Nvtx attached() {
    return ATTACHED;
  }

  private static @Nullable Nvtx attached(@Nullable String tool) {
    if (tool == null) {
      return null;
    }
    try {
      var found = ToolkitLibrary.find("libnvtx3interop", "KITH_NVTX", NAMES);
      try {
        return attached(new NvtxLibrary(found.symbols()));
      } catch (NoSuchElementException e) {
        throw new MissingException(
            "libnvtx3interop lacks a function: file=%s: %s; take that of CUDA 12 or 13"
                .formatted(found.place(), e.getMessage()));
      }
    } catch (MissingException e) {
      LOG.log(
          Level.WARNING,
          "the tool of %s=%s sees no ranges: %s".formatted(TOOL, tool, e.getMessage()));
      return null;
    }
  }

  /** Ranges of a loaded library, or null if no tool attached to it: its domains are null then. */
  static @Nullable Nvtx attached(NvtxLibrary library) {
    var nvtx = new Nvtx(library);
    return nvtx.domain("kith").address() == 0 ? null : nvtx;
  }

  /** Begins a range of this thread, within the last one of that domain that has not ended. */
  public void push(String domain, String message) {
    library.push(domain(domain), message);
  }

  /** Ends this thread's last range of a domain. */
  public void pop(String domain) {
    library.pop(domain(domain));
  }

  private MemorySegment domain(String name) {
    var known = domains.get(name);
    return known != null ? known : domains.computeIfAbsent(name, library::createDomain);
  }
}
