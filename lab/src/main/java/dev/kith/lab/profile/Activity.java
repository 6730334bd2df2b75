package dev.kith.lab.profile;

import java.util.Map;

/**
 * Activity that took time. Times are nanoseconds since the profile began; a start is not after its
 * end.
 */
public sealed interface Activity {
  /** Time at which it began. */
  long start();

  /** Time at which it ended. */
  long end();

  /** Name of the activity. */
  String name();

  /** Nanoseconds that it took. */
  default long nanos() {
    return end() - start();
  }

  /** Work of a device: what keeps it from being idle. */
  sealed interface OnDevice extends Activity {
    /** Place where it ran. */
    Place place();
  }

  /**
   * Place on a device where something ran.
   *
   * @param device number of the GPU
   * @param context number of the CUDA context
   * @param stream number of the stream
   * @param correlation number that it shares with the {@link Call} that asked for it; 0 if there is
   *     none
   */
  record Place(int device, int context, int stream, long correlation) {}

  /** Sizes in three dimensions, blocks or threads. */
  record Size(int x, int y, int z) {}

  /**
   * Kernel that ran.
   *
   * @param name demangled, with its parameters if it has any
   * @param mangledName name that the linker knows
   * @param grid size of the grid, in blocks
   * @param block size of a block, in threads
   * @param registers registers of a thread
   * @param staticShared bytes of shared memory that the kernel declares
   * @param dynamicShared bytes of shared memory that the launch asked for
   * @param localPerThread bytes of local memory a thread
   */
  record Kernel(
      long start,
      long end,
      Place place,
      String name,
      String mangledName,
      Size grid,
      Size block,
      int registers,
      int staticShared,
      int dynamicShared,
      int localPerThread)
      implements OnDevice {
    /** Name alone, without return type, template arguments and parameters. */
    public String shortName() {
      int depth = 0;
      var bare = new StringBuilder();
      for (int i = 0; i < name.length(); i++) {
        char c = name.charAt(i);
        if (c == '<') {
          depth++;
        } else if (c == '>') {
          depth--;
        } else if (c == '(' && depth == 0 && !bare.isEmpty()) {
          break;
        } else if (depth == 0) {
          bare.append(c);
        }
      }
      String spelled = bare.toString().strip();
      int from = Math.max(spelled.lastIndexOf(' '), spelled.lastIndexOf(':')) + 1;
      return from == spelled.length() ? name : spelled.substring(from);
    }
  }

  /**
   * Copy of bytes.
   *
   * @param bytes number of bytes
   * @param kind direction of the copy
   * @param from kind of memory read
   * @param to kind of memory written
   */
  record Memcpy(
      long start, long end, Place place, long bytes, CopyKind kind, MemoryKind from, MemoryKind to)
      implements OnDevice {
    @Override
    public String name() {
      return "Memcpy " + kind.label();
    }
  }

  /**
   * Setting of bytes.
   *
   * @param bytes number of bytes
   * @param value that each byte was set to, or each 16 or 32 bits
   * @param memory kind of memory written
   */
  record Memset(long start, long end, Place place, long bytes, int value, MemoryKind memory)
      implements OnDevice {
    @Override
    public String name() {
      return "Memset";
    }
  }

  /**
   * Call of CUDA's runtime or driver, on the CPU.
   *
   * @param thread the operating system's number of the thread
   * @param correlation number shared with what the call started on the device
   * @param driver whether the function is of the driver's interface, not the runtime's
   * @param result code that it returned; 0 is success
   */
  record Call(
      long start, long end, long thread, long correlation, String name, boolean driver, int result)
      implements Activity {}

  /**
   * Named stretch of a thread's time; ranges of a thread contain each other or do not overlap.
   *
   * @param thread the operating system's number of the thread
   * @param domain origin of the name: {@code kith}, {@code jvm}, {@code lab} for a step of a
   *     measurement, or {@code command} for all that was run
   * @param details details by name: numbers, texts and booleans
   */
  record Range(
      long start, long end, long thread, String name, String domain, Map<String, Object> details)
      implements Activity {
    /** Copies the details. */
    public Range {
      details = Map.copyOf(details);
    }
  }
}
