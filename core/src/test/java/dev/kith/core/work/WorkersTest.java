package dev.kith.core.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 7})
  void forEach_units_doesEachOnceAndTells(int threads) {
    for (int units : new int[] {0, 1, 5, 1000}) {
      var done = new AtomicIntegerArray(units);
      var told = new AtomicLong();
      Workers.forEach(units, threads, new Told(told, -1), unit -> done.incrementAndGet((int) unit));
      for (int i = 0; i < units; i++) {
        assertThat(done.get(i)).as("unit %d of %d", i, units).isEqualTo(1);
      }
      assertThat(told).hasValue(units);
    }
  }

  /** Each unit once, and never two at a time with one scratch. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void forEach_scratch_isNoOtherUnitsMeanwhile(int threads) {
    int units = 5000;
    var done = new AtomicIntegerArray(units);
    var made = new AtomicInteger();
    var options = BuildOptions.defaults().withThreads(threads);
    Workers.forEach(
        units,
        options,
        () -> {
          made.incrementAndGet();
          return new AtomicInteger();
        },
        (scratch, unit) -> {
          assertThat(scratch.incrementAndGet()).isEqualTo(1);
          done.incrementAndGet((int) unit);
          assertThat(scratch.decrementAndGet()).isZero();
        });
    for (int i = 0; i < units; i++) {
      assertThat(done.get(i)).isEqualTo(1);
    }
    assertThat(made).hasValueBetween(1, threads);
  }

  @Test
  void forEach_progressThrows_endsSoonAndThrowsThat() {
    var done = new AtomicInteger();
    var told = new AtomicLong();
    assertThatThrownBy(
            () ->
                Workers.forEach(
                    1_000_000_000L, 3, new Told(told, 100), _ -> done.incrementAndGet()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("that is enough");
    assertThat(done).hasValueBetween(100, 103);
  }

  @Test
  void forEach_aUnitFails_othersEndAndItsFailureIsThrown() throws Exception {
    var both = new CountDownLatch(2);
    var after = new AtomicInteger();
    assertThatThrownBy(
            () ->
                Workers.forEach(
                    1_000_000,
                    2,
                    Progress.NONE,
                    unit -> {
                      if (unit < 2) {
                        meet(both);
                      }
                      if (unit == 1) {
                        throw new ArithmeticException("unit 1");
                      }
                      after.incrementAndGet();
                    }))
        .isInstanceOf(ArithmeticException.class)
        .hasMessage("unit 1");
    assertThat(after).hasValueLessThan(1_000_000);
  }

  private static void meet(CountDownLatch both) {
    both.countDown();
    try {
      assertThat(both.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private record Told(AtomicLong units, long most) implements Progress {
    @Override
    public void check() {
      if (most >= 0 && units.get() >= most) {
        throw new IllegalStateException("that is enough");
      }
    }

    @Override
    public void advance(long count) {
      units.addAndGet(count);
    }
  }
}
