package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.testing.Seeded;
import dev.kith.core.work.Workers;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class EpochsTest {

  @Test
  void free_readersThatBeganBefore_holdItBack() {
    var epochs = new Epochs();
    var early = epochs.join();
    var late = epochs.join();
    assertThat(epochs.free(epochs.retire())).isTrue();
    early.enter();
    long epoch = epochs.retire();
    late.enter();
    assertThat(epochs.free(epoch)).isFalse();
    early.exit();
    assertThat(epochs.free(epoch)).isTrue();
    long next = epochs.retire();
    assertThat(epochs.free(next)).isFalse();
    early.enter();
    late.exit();
    assertThat(epochs.free(next)).isTrue();
    early.exit();
    epochs.await(epochs.retire());
  }

  /** A box whose value is plain, as a slot's row is: only the epochs keep it from readers. */
  private static final class Box {
    int value = 1;
  }

  @Test
  void enter_manyThreads_noReaderSeesWhatWasFreed() {
    var epochs = new Epochs();
    var shared = new AtomicReference<>(new Box());
    var done = new AtomicBoolean();
    var wrong = new AtomicInteger();
    Workers.run(
        4,
        worker -> {
          if (worker == 0) {
            var waiting = new ArrayDeque<Box>();
            var since = new ArrayDeque<Long>();
            for (int i = 0; i < 20_000 * Seeded.effort(); i++) {
              waiting.add(shared.getAndSet(new Box()));
              since.add(epochs.retire());
              while (!since.isEmpty() && epochs.free(since.peek())) {
                since.remove();
                waiting.remove().value = 0; // the slot gets another row
              }
            }
            done.set(true);
          } else {
            var member = epochs.join();
            while (!done.get()) {
              member.enter();
              var box = Objects.requireNonNull(shared.get());
              for (int look = 0; look < 5; look++) {
                if (box.value != 1) {
                  wrong.incrementAndGet();
                }
                Thread.onSpinWait();
              }
              member.exit();
            }
          }
        },
        () -> done.set(true));
    assertThat(wrong).hasValue(0);
  }
}
