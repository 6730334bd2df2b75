package dev.kith.core.work;

import java.lang.foreign.Arena;

/** How an index is built. Immutable: each {@code with} gives another one. */
public final class BuildOptions {
  private final Arena arena;
  private final int threads;
  private final Progress progress;

  private BuildOptions(Arena arena, int threads, Progress progress) {
    this.arena = arena;
    this.threads = threads;
    this.progress = progress;
  }

  /** On all cores, into memory that is freed when nobody can read it any more. */
  public static BuildOptions defaults() {
    return new BuildOptions(Arena.ofAuto(), 0, Progress.NONE);
  }

  /** Into memory of this arena, which many threads may write to. */
  public BuildOptions into(Arena memory) {
    return new BuildOptions(memory, threads, progress);
  }

  /** With at most this many threads, the caller's own among them; 0 for all cores. */
  public BuildOptions withThreads(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("threads must be 0 (all cores) or more: " + count);
    }
    return new BuildOptions(arena, count, progress);
  }

  /** Telling this how far it is, and stopping when it throws. */
  public BuildOptions withProgress(Progress listener) {
    return new BuildOptions(arena, threads, listener);
  }

  /** Where the parts lie. */
  public Arena arena() {
    return arena;
  }

  /** The most threads to use, or 0 for all cores. */
  public int threads() {
    return threads;
  }

  /** Who is told and asked. */
  public Progress progress() {
    return progress;
  }
}
