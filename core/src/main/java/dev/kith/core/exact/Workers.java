package dev.kith.core.exact;

import java.util.ArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** Daemon threads shared by all searches; the caller's own thread always works too. */
final class Workers {
  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(Thread.ofPlatform().name("kith-search-", 0).daemon().factory());

  private Workers() {}

  /**
   * Runs {@code task} once for each worker number below {@code count} and returns when all are
   * done; worker 0 is the caller. If one fails, {@code onFailure} is to make the others end soon,
   * and the first failure is thrown after they have.
   */
  static void run(int count, IntConsumer task, Runnable onFailure) {
    var failure = new AtomicReference<@Nullable Throwable>();
    IntConsumer guarded =
        worker -> {
          try {
            task.accept(worker);
          } catch (Throwable e) {
            failure.compareAndSet(null, e);
            onFailure.run();
          }
        };
    var others = new ArrayList<Future<?>>();
    try {
      for (int worker = 1; worker < count; worker++) {
        int number = worker;
        others.add(THREADS.submit(() -> guarded.accept(number)));
      }
    } catch (Throwable e) { // no thread to be had: those that started are still waited for
      failure.compareAndSet(null, e);
      onFailure.run();
    }
    guarded.accept(0);
    boolean interrupted = false;
    for (var other : others) {
      for (boolean ended = false; !ended; ) {
        try {
          other.get();
          ended = true;
        } catch (ExecutionException e) {
          failure.compareAndSet(null, e);
          ended = true;
        } catch (InterruptedException e) {
          interrupted = true; // the others use the caller's arrays: wait for them all the same
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    switch (failure.get()) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    }
  }
}
