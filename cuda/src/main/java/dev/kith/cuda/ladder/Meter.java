package dev.kith.cuda.ladder;

import dev.kith.cuda.driver.Event;
import dev.kith.cuda.driver.Stream;

/** Told of each piece of a search's work; it does the work, and may time it. */
interface Meter {
  /** Does the work. */
  Meter NONE =
      new Meter() {
        @Override
        public void kernels(int launches, Runnable work) {
          work.run();
        }

        @Override
        public void copies(Runnable work) {
          work.run();
        }
      };

  /** Does work that queues {@code launches} launches, or a few fewer. */
  void kernels(int launches, Runnable work);

  /** Does work that queues a copy. */
  void copies(Runnable work);

  /**
   * Times each piece by events. A kernel that only waits goes before them, so that all of the piece
   * is queued before the device begins with it.
   */
  final class Timed implements Meter, AutoCloseable {
    /** Generous: what is late counts as the piece's time. */
    private static final long PAUSE_NANOS = 40_000;

    private static final long PAUSE_NANOS_A_LAUNCH = 10_000;

    private final Stream stream;
    private final LadderKernels kernels;
    private final Event start;
    private final Event end;
    private double kernelMillis;
    private double copyMillis;

    Timed(LadderKernels kernels, Stream stream) {
      this.stream = stream;
      this.kernels = kernels;
      this.start = kernels.gpu().context().timedEvent();
      this.end = kernels.gpu().context().timedEvent();
    }

    @Override
    public void kernels(int launches, Runnable work) {
      kernelMillis += millis(launches, work);
    }

    @Override
    public void copies(Runnable work) {
      copyMillis += millis(1, work);
    }

    private double millis(int calls, Runnable work) {
      kernels.pause(PAUSE_NANOS + calls * PAUSE_NANOS_A_LAUNCH).on(stream);
      stream.record(start);
      work.run();
      stream.record(end);
      end.synchronize();
      return end.millisSince(start);
    }

    /** Of all pieces so far. */
    DeviceTime time() {
      return new DeviceTime(kernelMillis, copyMillis);
    }

    @Override
    public void close() {
      start.close();
      end.close();
    }
  }
}
