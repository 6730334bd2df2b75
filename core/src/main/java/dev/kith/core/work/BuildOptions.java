package dev.kith.core.work;

import java.lang.foreign.Arena;

/** Options of a build. Immutable: each {@code with} returns a changed copy. */
public final class BuildOptions {
  private final Arena arena;
  private final int threads;
  private final Progress progress;

  private BuildOptions(Arena arena, int threads, Progress progress) {
    this.arena = arena;
    this.threads = threads;
    this.progress = progress;
  }

  /**
   * Default options: all cores, no listener, and memory that is freed when nothing refers to it any
   * more.
   */
  public static BuildOptions defaults() {
    return new BuildOptions(Arena.ofAuto(), 0, Progress.NONE);
  }

  /** Sets the arena of the built parts; its memory must be open to many threads. */
  public BuildOptions into(Arena memory) {
    return new BuildOptions(memory, threads, progress);
  }

  /** Allows at most {@code count} threads, the caller's own among them; 0 for all cores. */
  public BuildOptions withThreads(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("threads must be 0 (all cores) or more: " + count);
    }
    return new BuildOptions(arena, count, progress);
  }

  /** Sets a listener, which hears how far the build is and stops it by throwing. */
  public BuildOptions withProgress(Progress listener) {
    return new BuildOptions(arena, threads, listener);
  }

  /** Arena of the built parts. */
  public Arena arena() {
    return arena;
  }

  /** Most threads to use, or 0 for all cores. */
  public int threads() {
    return threads;
  }

  /** Listener that hears how far the build is and may stop it. */
  public Progress progress() {
    return progress;
  }
}
