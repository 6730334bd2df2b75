package dev.kith.core.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.kith.core.exact.FlatData;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.search.IndexBuilder;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.Neighbors;
import dev.kith.core.search.SearchOptions;
import dev.kith.core.search.SearchReport;
import dev.kith.core.search.SearchResult;
import dev.kith.core.search.Searcher;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.MemorySegment;
import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
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
          public @Nullable Searcher searcher(IndexData data) {
            found.set(Objects.requireNonNull(self.get()).below(priority()));
            return super.searcher(data);
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
          public @Nullable Searcher searcher(IndexData data) {
            var search = Objects.requireNonNull(super.searcher(data));
            return new Searcher() {
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

  /** A kind of index that finds what a backend chooses to find. */
  record FakeSpec(String name) implements IndexSpec {
    @Override
    public boolean exact() {
      return false;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private record FakeData(VectorSource rows, Metric metric, FakeSpec spec) implements IndexData {
    @Override
    public SequencedMap<String, MemorySegment> parts() {
      return new LinkedHashMap<>();
    }

    @Override
    public void verify() {}
  }

  /** Searches {@link FakeData}: the exact answer but for its last rows, with keys that are off. */
  private static final class FakeApproximate extends FakeBackend {
    private final int missing;
    private final double off;

    FakeApproximate(String name, int priority, int missing, double off) {
      super(name, priority);
      this.missing = missing;
      this.off = off;
    }

    @Override
    public @Nullable IndexBuilder builder(IndexSpec spec) {
      return spec instanceof FakeSpec fake
          ? (rows, metric, _) -> new FakeData(rows, metric, fake)
          : super.builder(spec);
    }

    @Override
    public @Nullable Searcher searcher(IndexData data) {
      if (!(data instanceof FakeData)) {
        return super.searcher(data);
      }
      var flat = new FlatData(data.rows(), data.metric(), null);
      var exact = Objects.requireNonNull(super.searcher(flat));
      return new Searcher() {
        @Override
        public SearchResult search(VectorSource queries, SearchOptions options) {
          var some = new ArrayList<Neighbors>();
          for (var each : exact.search(queries, options).neighbors()) {
            int n = Math.max(each.size() - missing, 0);
            var keys = new double[n];
            for (int i = 0; i < n; i++) {
              keys[i] = each.key(i) + off;
            }
            some.add(new Neighbors(data.metric(), Arrays.copyOf(each.rows(), n), keys));
          }
          return new SearchResult(some, SearchReport.of(name(), data.spec().toString()));
        }

        @Override
        public long bytes() {
          return 0;
        }
      };
    }
  }

  /** The door that graphs and lists come through: data of a kind that only some backends know. */
  @Test
  void choose_approximateData_isTheBestThatKnowsThemAndPassesItsTest() {
    try (var rows = VectorSource.of(new float[] {0, 1}, new float[] {2, 3})) {
      var data = new FakeData(rows, Metric.L2, new FakeSpec("fake"));
      var ignorant = new FakeBackend("ignorant", 300);
      var blind = new FakeApproximate("blind", 200, 5, 0);
      var invents = new FakeApproximate("invents", 150, 0, 1e-9);
      var good = new FakeApproximate("good", 100, 1, 0);
      var backends = new Backends(List.of(good, invents, blind, ignorant));
      assertThat(
              logged(
                  () -> {
                    var choice = backends.first(data, Integer.MAX_VALUE);
                    assertThat(choice.backend()).isSameAs(good);
                    var answer = choice.searcher().search(rows, SearchOptions.nearest(2));
                    assertThat(answer.neighbors().getFirst().rows()).containsExactly(0);
                    assertThat(answer.report().proved()).isFalse();
                  }))
          .satisfiesExactlyInAnyOrder(
              message ->
                  assertThat(message)
                      .isEqualTo(
                          "searches run on backend good, because ignorant cannot serve: it has no"
                              + " way to search an index fake"),
              message ->
                  assertThat(message)
                      .contains("because blind cannot serve: its self-test of fake failed")
                      .contains("too little found: metric=l2, index=fake, recall@7=0.286"),
              message ->
                  assertThat(message)
                      .contains("because invents cannot serve: its self-test of fake failed")
                      .contains("keys must be canonical and ascend: metric=l2, index=fake"));
      // What fails with one kind still serves the others.
      var flat = new FlatData(rows, Metric.L2, null);
      assertThat(backends.first(flat, Integer.MAX_VALUE).backend()).isSameAs(ignorant);
      assertThat(backends.first(flat, 300).backend()).isSameAs(blind);
      assertThat(backends.first(data, 150).backend()).isSameAs(good);
    }
  }

  @Test
  void choose_namedForDataItCannotSearch_saysWhy() {
    try (var rows = VectorSource.of(new float[] {0, 1}, new float[] {2, 3})) {
      var data = new FakeData(rows, Metric.L2, new FakeSpec("fake"));
      var ignorant = new FakeBackend("ignorant", 300);
      var blind = new FakeApproximate("blind", 200, 7, 0);
      var backends = new Backends(List.of(blind, ignorant));
      assertThatThrownBy(() -> backends.searcher("ignorant", data))
          .isInstanceOf(BackendUnavailableException.class)
          .hasMessage(
              "backend ignorant cannot serve: it has no way to search an index fake; name another"
                  + " or none");
      assertThatThrownBy(() -> backends.searcher("blind", data))
          .isInstanceOf(BackendUnavailableException.class)
          .hasMessage(
              "backend blind cannot serve: its self-test of fake failed on this machine; please"
                  + " report it (failed: too little found: metric=l2, index=fake, recall@7=0.000,"
                  + " asked=0.95, least=0.8)");
      assertThatThrownBy(() -> backends.first(data, Integer.MAX_VALUE))
          .isInstanceOf(BackendUnavailableException.class)
          .hasMessageStartingWith(
              "no backend can serve: ignorant: it has no way to search an index fake; blind: its");
    }
  }

  @Test
  void builder_ofAKind_isThatOfTheBestThatHasOne() {
    var good = new FakeApproximate("good", 100, 0, 0);
    var backends = new Backends(List.of(good, new FakeBackend("ignorant", 300)));
    try (var rows = VectorSource.of(new float[] {0, 1}, new float[] {2, 3})) {
      var fake = backends.builder(new FakeSpec("fake"));
      assertThat(fake.build(rows, Metric.DOT, BuildOptions.defaults()))
          .isEqualTo(new FakeData(rows, Metric.DOT, new FakeSpec("fake")));
      var flat = Backends.builderOf(new IndexSpec.Flat(Quantizer.INT8));
      var data = flat.build(rows, Metric.L2, BuildOptions.defaults().withThreads(1));
      assertThat(data.spec()).hasToString("flat(shadow=int8)");
      assertThat(data.parts()).containsOnlyKeys("shadow");
      data.verify();
    }
    assertThatThrownBy(() -> Backends.builderOf(new FakeSpec("fake")))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessage("no backend can build an index fake; known are simd, scalar");
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
    public @Nullable Searcher searcher(IndexData data) {
      return new ScalarBackend().searcher(data);
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
    public @Nullable Searcher searcher(IndexData data) {
      return new Searcher() {
        @Override
        public SearchResult search(VectorSource queries, SearchOptions options) {
          var invented =
              new Neighbors(data.metric(), new long[] {0, 1, 2, 3, 4, 5, 6}, new double[7]);
          return new SearchResult(
              Collections.nCopies((int) queries.size(), invented),
              SearchReport.of(name(), "flat").withProved(true));
        }

        @Override
        public long bytes() {
          return 0;
        }
      };
    }
  }
}
