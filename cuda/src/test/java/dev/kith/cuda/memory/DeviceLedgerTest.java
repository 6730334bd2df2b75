package dev.kith.cuda.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.failure.Reaction;
import dev.kith.cuda.driver.CudaException;
import dev.kith.cuda.driver.DeviceMemory;
import dev.kith.cuda.driver.FakeCuda;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Over the stand-in of the driver. */
class DeviceLedgerTest {
  private final FakeCuda fake = FakeCuda.fresh();
  private final List<String> evicted = new ArrayList<>();

  private DeviceLedger ledger(long budget) throws Exception {
    return new DeviceLedger(fake.open(), budget);
  }

  /** Holds memory of a ledger, and lets it go unless it is in use. */
  private final class Holder implements DeviceLedger.Evictable {
    private final DeviceLedger ledger;
    private final String name;
    private final DeviceMemory memory;
    boolean inUse;
    Runnable then = () -> {};

    Holder(DeviceLedger ledger, String name, long bytes) {
      this.ledger = ledger;
      this.name = name;
      this.memory = ledger.take(bytes, name);
      ledger.used(this);
    }

    @Override
    public boolean evict() {
      if (inUse) {
        return false;
      }
      evicted.add(name);
      ledger.give(memory);
      then.run();
      return true;
    }
  }

  @Test
  void take_withinTheBudget_countsAndGiveTakesBackOnce() throws Exception {
    var ledger = ledger(100);
    var first = ledger.take(60, "rows");
    var second = ledger.take(40, "rows");
    assertThat(ledger.used()).isEqualTo(100);
    assertThat(ledger.budget()).isEqualTo(100);
    ledger.give(first);
    ledger.give(first);
    assertThat(ledger.used()).isEqualTo(40);
    ledger.give(second);
    assertThat(ledger.used()).isZero();
    assertThat(fake.allocated()).isZero();
  }

  @Test
  void take_beyondTheBudget_isRefusedWithNumbers() throws Exception {
    var ledger = ledger(100);
    ledger.take(50, "rows");
    assertThatThrownBy(() -> ledger.take(60, "a.npy"))
        .isInstanceOf(DeviceBudgetException.class)
        .hasMessage(
            "the device's memory must hold what is asked: for=a.npy, asked=60 bytes, in use=50,"
                + " budget=100; search fewer rows at once or raise -Dkith.cuda.budget")
        .extracting(e -> ((DeviceBudgetException) e).reaction())
        .isEqualTo(Reaction.CONFIGURE);
    assertThat(ledger.used()).isEqualTo(50);
  }

  @Test
  void take_absurdSize_isRefusedAndEvictsNobody() throws Exception {
    var ledger = ledger(100);
    new Holder(ledger, "a", 50);
    assertThatThrownBy(() -> ledger.take(Long.MAX_VALUE, "a.npy"))
        .isInstanceOf(DeviceBudgetException.class);
    assertThatThrownBy(() -> ledger.take(101, "a.npy")).isInstanceOf(DeviceBudgetException.class);
    assertThat(evicted).isEmpty();
  }

  @Test
  void take_noRoom_evictsTheOneUsedLongestAgoAndNoMoreThanNeeded() throws Exception {
    var ledger = ledger(100);
    var a = new Holder(ledger, "a", 30);
    new Holder(ledger, "b", 30);
    var c = new Holder(ledger, "c", 30);
    ledger.used(a);
    c.inUse = true;
    ledger.take(30, "rows");
    assertThat(evicted).containsExactly("b");
    ledger.take(20, "rows");
    assertThat(evicted).as("c is in use").containsExactly("b", "a");
    assertThat(ledger.evictables()).isEqualTo(1);
    assertThat(ledger.used()).isEqualTo(80);
    assertThatThrownBy(() -> ledger.take(30, "rows")).isInstanceOf(DeviceBudgetException.class);
    ledger.forget(c);
    assertThat(ledger.evictables()).isZero();
  }

  /** Others use the device too. */
  @Test
  void take_deviceOutOfMemory_evictsAndTriesAgain() throws Exception {
    var ledger = ledger(1000);
    var a = new Holder(ledger, "a", 30);
    a.then = () -> fake.set("cuMemAlloc", 0);
    fake.set("cuMemAlloc", 2);
    ledger.take(40, "rows");
    assertThat(evicted).containsExactly("a");
    assertThat(ledger.used()).isEqualTo(40);
  }

  @Test
  void take_deviceOutOfMemoryAndNobodyGoes_saysWhoHasHowMuch() throws Exception {
    var ledger = ledger(1000);
    ledger.take(40, "rows");
    fake.set("cuMemAlloc", 2);
    assertThatThrownBy(() -> ledger.take(50, "a.npy"))
        .isInstanceOf(DeviceBudgetException.class)
        .hasMessage(
            "the device is out of memory, which others use too: for=a.npy, asked=50 bytes, held"
                + " here=40, budget=1000, free=107374182400; free some or lower"
                + " -Dkith.cuda.budget")
        .extracting(e -> ((DeviceBudgetException) e).reaction())
        .isEqualTo(Reaction.RETRY);
    assertThat(ledger.used()).isEqualTo(40);
  }

  @Test
  void take_deviceFails_throwsAndEvictsNobody() throws Exception {
    var ledger = ledger(1000);
    new Holder(ledger, "a", 30);
    fake.set("cuMemAlloc", 700);
    assertThatThrownBy(() -> ledger.take(40, "rows")).isInstanceOf(CudaException.class);
    assertThat(evicted).isEmpty();
    assertThat(ledger.used()).isEqualTo(30);
  }

  /** Freeing may take as long as a search: neither counting nor giving back waits for it. */
  @Test
  void evict_takesLong_keepsNobodyFromTheBooks() throws Exception {
    var ledger = ledger(100);
    var small = ledger.take(10, "rows");
    var a = new Holder(ledger, "a", 60);
    var seen = new AtomicLong();
    a.then =
        () ->
            CompletableFuture.runAsync(
                    () -> {
                      ledger.used(a);
                      ledger.forget(a);
                      ledger.give(small);
                      seen.set(ledger.used());
                    })
                .orTimeout(10, TimeUnit.SECONDS)
                .join();
    ledger.take(90, "rows");
    assertThat(evicted).containsExactly("a");
    assertThat(seen.get()).isZero();
    assertThat(ledger.used()).isEqualTo(90);
  }

  /** Room that is about to be free is worth waiting for: nobody else need go. */
  @Test
  void take_whileMemoryIsBeingFreed_waitsAndEvictsNobody() throws Exception {
    var ledger = ledger(100);
    new Holder(ledger, "a", 40);
    var large = ledger.take(60, "rows");
    fake.set("free millis", 200);
    var freed = CompletableFuture.runAsync(() -> ledger.give(large));
    while (fake.calls("cuMemFree").isEmpty()) {
      Thread.onSpinWait();
    }
    assertThat(ledger.used()).as("not free yet, and that is known at once").isEqualTo(100);
    ledger.take(60, "more rows");
    assertThat(evicted).isEmpty();
    assertThat(ledger.used()).isEqualTo(100);
    freed.join();
  }

  /** What the driver cannot free is not counted for ever. */
  @Test
  void give_driverFails_throwsAndCountsItNoMore() throws Exception {
    var ledger = ledger(100);
    var memory = ledger.take(60, "rows");
    fake.set("cuMemFree", 1);
    assertThatThrownBy(() -> ledger.give(memory)).isInstanceOf(CudaException.class);
    assertThat(ledger.used()).isZero();
    ledger.give(memory);
    fake.set("cuMemFree", 0);
    assertThat(ledger.take(100, "rows").byteSize()).isEqualTo(100);
  }

  @Test
  void ledger_noBudget_isRefused() {
    assertThatThrownBy(() -> ledger(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a budget of device memory must be more than 0 bytes: 0");
  }
}
