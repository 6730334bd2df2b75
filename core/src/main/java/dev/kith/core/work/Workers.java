package dev.kith.core.work;

import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Threads for scans, builds, coding and loading: daemon threads shared by all, created on demand.
 * The caller's own thread always works too, so that nothing ever waits for a free thread. Safe for
 * many threads.
 */
public final class Workers {
  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(Thread.ofPlatform().name("kith-worker-", 0).daemon().factory());

  private Workers() {}

  /**
   * Runs {@code task} once for each worker number below {@code count} and returns when all are
   * done; worker 0 is the caller. If one fails, {@code onFailure} is to make the others end soon,
   * and the first failure is thrown after they have.
   */
  public static void run(int count, IntConsumer task, Runnable onFailure) {
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
    } catch (Throwable e) { // a thread could not be started: wait for the others all the same
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

  /** Runs {@code task} on a thread of the pool, beside the caller. */
  public static CompletableFuture<Void> async(Runnable task) {
    return CompletableFuture.runAsync(task, THREADS);
  }

  /** The number of workers for {@code threads}, where 0 stands for one a core. */
  public static int count(int threads) {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /**
   * Runs {@code unit} for 0 to {@code units - 1}, handed out one by one to the workers, and returns
   * when all are done. {@code progress} is asked before each unit whether to go on, and told after
   * it. An exception of its own or of a unit ends the other workers after their current unit, and
   * is then thrown.
   *
   * @param threads the most workers, the caller among them; 0 for one a core
   * @param progress called by all workers at once
   */
  public static void forEach(long units, int threads, Progress progress, LongConsumer unit) {
    var next = new AtomicLong();
    run(
        (int) Math.min(count(threads), Math.max(units, 1)),
        _ -> {
          long number;
          while ((number = next.getAndIncrement()) < units) {
            progress.check();
            unit.accept(number);
            progress.advance(1);
          }
        },
        () -> next.set(units));
  }

  /**
   * Runs {@code unit} for 0 to {@code units - 1} as {@link #forEach(long, int, Progress,
   * LongConsumer)} does, each time with a scratch that no other unit has meanwhile.
   *
   * @param scratch makes another one where none is idle; one that a unit failed with is dropped
   */
  public static <S> void forEach(
      long units, BuildOptions options, Supplier<S> scratch, ObjLongConsumer<S> unit) {
    var idle = new ConcurrentLinkedDeque<S>();
    forEach(
        units,
        options.threads(),
        options.progress(),
        number -> {
          var polled = idle.poll();
          var own = polled == null ? scratch.get() : polled;
          unit.accept(own, number);
          idle.push(own);
        });
  }

  /** Runs {@code unit} for 0 to {@code units - 1} on all cores, without a listener. */
  public static void forEach(long units, LongConsumer unit) {
    forEach(units, 0, Progress.NONE, unit);
  }
}
