package dev.kith.db.memory;

/** Budgets of memory that follow the heap, so that a small one is not given away at once. */
public final class HeapShare {
  private static final long LEAST = 1 << 20;

  private HeapShare() {}

  /**
   * A part of the most that this JVM's heap may become.
   *
   * @param divisor such as 16 for a sixteenth
   * @param most whatever the heap is
   * @return 1 MiB or more
   */
  public static long bytes(int divisor, long most) {
    return bytes(Runtime.getRuntime().maxMemory(), divisor, most);
  }

  static long bytes(long heap, int divisor, long most) {
    return Math.clamp(heap / divisor, LEAST, most);
  }
}
