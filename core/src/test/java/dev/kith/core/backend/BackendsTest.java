package dev.kith.core.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.kith.core.exact.ExactSearch;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Shadow;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchResult;
import dev.kith.core.vector.VectorSource;
import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BackendsTest {

  @Test
  void statuses_withTheVectorModule_areAllUsable() {
    assertThat(Backends.statuses())
        .extracting(Backends.Status::name, Backends.Status::usable, Backends.Status::selfTest)
        .containsExactly(tuple("simd", true, "passed"), tuple("scalar", true, "passed"));
    assertThat(Backends.choose(null).name()).isEqualTo("simd");
    assertThat(Backends.choose("scalar").name()).isEqualTo("scalar");
  }

  @Test
  void choose_unknown_listsTheKnown() {
    assertThatThrownBy(() -> Backends.choose("abacus"))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessage("no such backend: abacus; known are simd, scalar");
  }

  @Test
  void bestBelow_aPriority_isTheBestUsableOfThoseBelow() {
    assertThat(Backends.bestBelow(300).name()).isEqualTo("simd");
    assertThat(Backends.bestBelow(101).name()).isEqualTo("simd");
    assertThat(Backends.bestBelow(100).name()).isEqualTo("scalar");
    assertThatThrownBy(() -> Backends.bestBelow(0))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessage("no backend of a priority below 0 can serve: there is none");
  }

  @Test
  void bestBelow_betterOnesCannotServe_isLoggedOnceAndSkipped() {
    var device = new FakeBackend("device", 300);
    var absent = new AbsentBackend("absent", 200);
    var plain = new FakeBackend("plain", 0);
    var backends = new Backends(List.of(plain, new InventingBackend(), absent, device));
    var records =
        logged(
            () -> {
              assertThat(backends.below(300)).isSameAs(plain);
              assertThat(backends.below(300)).isSameAs(plain);
              assertThat(backends.best()).isSameAs(device);
              assertThat(backends.best()).isSameAs(device);
            });
    assertThat(records).hasSize(2);
    assertThat(records.get(0))
        .isEqualTo(
            "searches that priority 300 hands on run on backend plain, because absent cannot serve:"
                + " not in this machine");
    assertThat(records.get(1))
        .startsWith(
            "searches run on backend device, because inventing cannot serve: its self-test failed"
                + " on this machine; please report it (failed: wrong rows: ");
    assertThat(absent.probes.get()).isEqualTo(1);
    var none = new Backends(List.of(absent, device));
    assertThatThrownBy(() -> none.below(300))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessage("no backend of a priority below 300 can serve: absent: not in this machine");
  }

  /** As a device does that keeps a search of the next best beside its own. */
  @Test
  void bestBelow_askedWhileTested_isAnswered() {
    var plain = new FakeBackend("plain", 0);
    var found = new AtomicReference<@Nullable Backend>();
    var all = new ArrayList<Backend>(List.of(plain));
    var self = new AtomicReference<@Nullable Backends>();
    all.add(
        new FakeBackend("device", 300) {
          @Override
          public ExactSearch exactSearch(
              VectorSource rows, Metric metric, @Nullable Shadow shadow) {
            found.set(Objects.requireNonNull(self.get()).below(priority()));
            return super.exactSearch(rows, metric, shadow);
          }
        });
    var backends = new Backends(all);
    self.set(backends);
    assertThat(backends.best().name()).isEqualTo("device");
    assertThat(found.get()).isSameAs(plain);
  }

  /** A machine without a GPU is no reason to warn at every start. */
  @Test
  void choose_missingAsExpected_warnsOfNothing() {
    var none =
        new FakeBackend("none", 300) {
          @Override
          public Probe probe() {
            return new Probe(false, "there is no device", false);
          }
        };
    var backends = new Backends(List.of(none, new FakeBackend("plain", 0)));
    assertThat(logged(() -> assertThat(backends.best().name()).isEqualTo("plain"))).isEmpty();
  }

  private static List<String> logged(Runnable action) {
    var messages = new ArrayList<String>();
    var handler =
        new Handler() {
          @Override
          public void publish(LogRecord message) {
            messages.add(MessageFormat.format(message.getMessage(), message.getParameters()));
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    var logger = Logger.getLogger(Backends.class.getName());
    logger.setUseParentHandlers(false);
    logger.addHandler(handler);
    try {
      action.run();
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(true);
    }
    return messages;
  }

  /** The pretence that Kith exists to rule out: an answer that was never computed. */
  @Test
  void selfTest_inventedAnswers_areCaught() {
    assertThat(SelfTest.run(new InventingBackend()))
        .startsWith("wrong rows: metric=l2, shadow=none, dimension=3, query=0, expected=[");
  }

  /** A backend may hand searches on that do not name it; then the test would be another's. */
  @Test
  void selfTest_everySearch_namesTheBackend() {
    var asked = new HashSet<@Nullable String>();
    var noting =
        new FakeBackend("noting", 300) {
          @Override
          public ExactSearch exactSearch(
              VectorSource rows, Metric metric, @Nullable Shadow shadow) {
            var search = super.exactSearch(rows, metric, shadow);
            return new ExactSearch() {
              @Override
              public SearchResult search(VectorSource queries, SearchOptions options) {
                asked.add(options.backend());
                return search.search(queries, options);
              }

              @Override
              public long bytes() {
                return search.bytes();
              }
            };
          }
        };
    assertThat(SelfTest.run(noting)).isNull();
    assertThat(asked).containsExactly("noting");
  }

  private static class FakeBackend implements Backend {
    private final String name;
    private final int priority;

    FakeBackend(String name, int priority) {
      this.name = name;
      this.priority = priority;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public int priority() {
      return priority;
    }

    @Override
    public Probe probe() {
      return new Probe(true, "for tests");
    }

    /** As the scalar backend. */
    @Override
    public ExactSearch exactSearch(VectorSource rows, Metric metric, @Nullable Shadow shadow) {
      return new ScalarBackend().exactSearch(rows, metric, shadow);
    }
  }

  private static final class AbsentBackend extends FakeBackend {
    final AtomicInteger probes = new AtomicInteger();

    AbsentBackend(String name, int priority) {
      super(name, priority);
    }

    @Override
    public Probe probe() {
      probes.incrementAndGet();
      return new Probe(false, "not in this machine");
    }
  }

  private static final class InventingBackend extends FakeBackend {
    InventingBackend() {
      super("inventing", 1000);
    }

    @Override
    public ExactSearch exactSearch(VectorSource rows, Metric metric, @Nullable Shadow shadow) {
      return new ExactSearch() {
        @Override
        public SearchResult search(VectorSource queries, SearchOptions options) {
          var invented = new Neighbors(metric, new long[] {0, 1, 2, 3, 4, 5, 6}, new double[7]);
          return new SearchResult(
              Collections.nCopies((int) queries.size(), invented),
              new SearchReport(name(), "flat", "float32", 0, 0, 0, true, queries.size()));
        }

        @Override
        public long bytes() {
          return 0;
        }
      };
    }
  }
}
