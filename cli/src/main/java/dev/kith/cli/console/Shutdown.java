package dev.kith.cli.console;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * End of the process by Ctrl-C or the like. A command that is under way may still remove its
 * unfinished files: it is interrupted, or, if it declared that it asks ({@link #endsWhenAsked}),
 * finds out by itself.
 */
public final class Shutdown {
  private static final int SECONDS_IF_INTERRUPTED = 3;
  private static final int SECONDS_IF_ASKING = 30;

  /** Whether Ctrl-C or the like was pressed: a failure from then on is because of that. */
  private static volatile boolean stopped;

  /** Whether the command polls {@link #isStopped} and ends in good order by itself. */
  private static volatile boolean asks;

  private Shutdown() {}

  /**
   * Makes the end of the process wait a while for the command that the calling thread runs.
   *
   * @return what says, when run, that the command has ended
   */
  public static Runnable watch() {
    var worker = Thread.currentThread();
    var done = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(worker, done)));
    return done::countDown;
  }

  private static void stop(Thread worker, CountDownLatch done) {
    if (done.getCount() == 0) {
      return;
    }
    stopped = true;
    if (!asks) {
      worker.interrupt();
    }
    try {
      boolean _ = done.await(asks ? SECONDS_IF_ASKING : SECONDS_IF_INTERRUPTED, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Declares that the command polls {@link #isStopped} from now on, and must not be interrupted.
   */
  public static void endsWhenAsked() {
    asks = true;
  }

  /** Returns whether Ctrl-C or the like was pressed. */
  public static boolean isStopped() {
    return stopped;
  }

  /**
   * Throws once the process is told to stop; for commands that loop and have nothing to clean up.
   */
  public static void requireNotStopped() {
    if (stopped) {
      throw new IllegalStateException("stopped before the end");
    }
  }
}
