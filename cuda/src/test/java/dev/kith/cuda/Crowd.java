package dev.kith.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;

/** Several threads that ask the same at the same time. */
public final class Crowd {
  /** Number of the threads. */
  public static final int SIZE = 6;

  private Crowd() {}

  /** Returns what each of the threads got; asserts that none failed. */
  public static <T> List<T> atOnce(Callable<T> question) throws InterruptedException {
    var answers = new ConcurrentLinkedQueue<T>();
    var failures = new ConcurrentLinkedQueue<Throwable>();
    var start = new CountDownLatch(1);
    var threads = new ArrayList<Thread>();
    for (int t = 0; t < SIZE; t++) {
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      start.await();
                      answers.add(question.call());
                    } catch (Throwable e) {
                      failures.add(e);
                    }
                  }));
    }
    start.countDown();
    for (var thread : threads) {
      thread.join();
    }
    assertThat(failures).isEmpty();
    return new ArrayList<>(answers);
  }
}
