package dev.kith.cuda.exact;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** What the flight recorder is told of. */
final class GpuEvents {
  private GpuEvents() {}

  /**
   * A search on the device, timed by CUDA events. Off unless a recording asks for it: events cost
   * the device time, and a profiler that sees each kernel needs none.
   */
  @Name("dev.kith.GpuSearch")
  @Label("GPU search")
  @Category("Kith")
  @Description("Queries answered on a GPU, and how long its kernels and copies took")
  @Enabled(false)
  @StackTrace(false)
  static final class Search extends Event {
    /** Answered together. */
    @Label("Queries")
    long queries;

    /** Of the device's time. */
    @Label("Nanoseconds of kernels")
    long kernelNanos;

    /** Of the device's time, queries and results; loading rows is not counted. */
    @Label("Nanoseconds of copies")
    long copyNanos;
  }
}
