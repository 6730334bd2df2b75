package dev.kith.lab.profile;

import java.util.Map;

/**
 * Something that took time. Times are nanoseconds since the profile began; a start is not after its
 * end.
 */
public sealed interface Activity {
  /** When it began. */
  long start();

  /** When it ended. */
  long end();

  /** What it is called. */
  String name();

  /** How long it took. */
  default long nanos() {
    return end() - start();
  }

  /** Work of a device: what keeps it from being idle. */
  sealed interface OnDevice extends Activity {
    /** Where. */
    Place place();
  }

  /**
   * Where on a device something ran.
   *
   * @param device number of the GPU
   * @param context number of the CUDA context
   * @param stream number of the stream
   * @param correlation the number that it shares with the {@link Call} that asked for it; 0 if
   *     there is none
   */
  record Place(int device, int context, int stream, long correlation) {}

  /** Sizes in three dimensions, blocks or threads. */
  record Size(int x, int y, int z) {}

  /**
   * A kernel that ran.
   *
   * @param name demangled, with its parameters if it has any
   * @param mangledName as the linker knows it
   * @param grid in blocks
   * @param block in threads
   * @param registers a thread
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
    /** The name alone: no return type, no template arguments, no parameters. */
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
   * Bytes that were copied.
   *
   * @param bytes how many
   * @param kind from where to where
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
   * Bytes that were set.
   *
   * @param bytes how many
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
   * A call of CUDA's runtime or driver, on the CPU.
   *
   * @param thread the operating system's number of the thread
   * @param correlation shared with what the call started on the device
   * @param driver whether it is of the driver's interface, not the runtime's
   * @param result what it returned; 0 is success
   */
  record Call(
      long start, long end, long thread, long correlation, String name, boolean driver, int result)
      implements Activity {}

  /**
   * A named stretch of a thread's time; ranges of a thread contain each other or do not overlap.
   *
   * @param thread the operating system's number of the thread
   * @param domain who named it: {@code kith}, {@code jvm}, {@code lab} for a step of a measurement,
   *     or {@code command} for the whole of what was run
   * @param details more about it, by name: numbers, texts and booleans
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
