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
import java.util.Collections;
import java.util.HashSet;
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
              new SearchReport(name(), "flat", "float32", 0, 0, 0, true));
        }

        @Override
        public long bytes() {
          return 0;
        }
      };
    }
  }
}
