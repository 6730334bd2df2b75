package dev.kith.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;

/** A point in a stream's work, to wait for. One that was never recorded has been reached. */
public final class Event extends Resource {
  private final boolean timed;

  Event(Context context, long handle, boolean timed) {
    super(context, "an event", handle);
    this.timed = timed;
  }

  /**
   * Waits until the work before it is done ({@code cuEventSynchronize}).
   *
   * @throws CudaException also for what failed on the device before
   */
  public void synchronize() {
    long event = handle();
    context.enter();
    context.calls().eventSynchronize.call(event);
  }

  /** Whether the work before it is done ({@code cuEventQuery}). */
  public boolean query() {
    long event = handle();
    context.enter();
    var query = context.calls().eventQuery;
    int result = query.result(event);
    if (result != Result.NOT_READY) {
      query.check(result);
    }
    return result != Result.NOT_READY;
  }

  /**
   * Milliseconds of the device between two recorded timed events, to about 0.5 microseconds ({@code
   * cuEventElapsedTime}). Both must have been reached.
   */
  public float millisSince(Event start) {
    if (!timed || !start.timed) {
      throw new IllegalArgumentException("both events must be timed: take them by timedEvent()");
    }
    long end = handle();
    long from = start.handle();
    context.enter();
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(JAVA_FLOAT);
      context.calls().eventElapsedTime.call(out.address(), from, end);
      return out.get(JAVA_FLOAT, 0);
    }
  }

  /** {@code cuEventDestroy}. */
  @Override
  void free(long live) {
    context.calls().eventDestroy.call(live);
  }
}
