package dev.kith.db.store;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.search.Effort;
import dev.kith.core.spec.IndexSpec;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Audits over answers whose recall is made up, with costs that are counted. */
class AuditsTest {
  private static final String VECTOR = "v";
  private static final double ASKED = 0.95;

  private long cost;
  private int calibrations;
  private int closed;

  /** Misses three times what it is allowed to, until it has measured itself anew. */
  private final class Lying implements Audits.Answer {
    private final double allowed;

    Lying(Effort effort) {
      allowed = 1 - ((Effort.Recall) effort).target();
    }

    @Override
    public String vector() {
      return VECTOR;
    }

    @Override
    public double asked() {
      return ASKED;
    }

    @Override
    public float[] query() {
      return new float[] {1};
    }

    @Override
    public int size() {
      return 10;
    }

    @Override
    public double recall() {
      cost += 500;
      return 1 - (calibrations > 0 && measures ? 1 : 3) * allowed;
    }

    @Override
    public int calibrate(List<float[]> queries) {
      assertThat(queries).hasSizeGreaterThanOrEqualTo(Audits.LEAST_QUERIES);
      calibrations++;
      return measures ? 1 : 0;
    }

    @Override
    public void close() {
      closed++;
    }
  }

  private boolean measures;

  private Audits audits(long every) {
    return new Audits("c", every, false, () -> cost, () -> 0);
  }

  private void search(Audits audits, long searchCost) {
    long begun = audits.begun();
    cost += searchCost;
    audits.ended(begun);
    if (audits.isDue()) {
      audits.take(new Lying(audits.effort(VECTOR, new Effort.Recall(ASKED))));
    }
  }

  @Test
  void audit_lyingCurve_searchesMissLessAtOnce() {
    try (var audits = audits(1)) {
      for (int query = 0; query < 200; query++) {
        search(audits, 1_000_000);
        assertThat(audits.judgeNext()).isTrue();
      }
      var effort = (Effort.Recall) audits.effort(VECTOR, new Effort.Recall(ASKED));
      assertThat(1 - 3 * (1 - effort.target())).isGreaterThanOrEqualTo(ASKED - 1e-9);
      assertThat(calibrations).as("asked, but none could").isPositive();
      assertThat(audits.effort(VECTOR, new Effort.Exact())).isEqualTo(new Effort.Exact());
      var hour = requireNonNull(audits.lastHour(VECTOR));
      assertThat(hour.queries()).isEqualTo(200);
      assertThat(hour.low()).isLessThanOrEqualTo(hour.recall());
      assertThat(hour.high()).isGreaterThanOrEqualTo(hour.recall());
      assertThat(audits.lastHour("other")).isNull();
    }
  }

  @Test
  void audit_measuredAnew_searchesAsTheyWere() {
    measures = true;
    try (var audits = audits(1)) {
      for (int query = 0; query < 200; query++) {
        search(audits, 1_000_000);
        audits.judgeNext();
      }
      assertThat(calibrations).isEqualTo(1);
      assertThat(audits.effort(VECTOR, new Effort.Recall(ASKED)))
          .isEqualTo(new Effort.Recall(ASKED));
    }
  }

  @Test
  void audit_cheapSearches_staysWithinItsShare() {
    try (var audits = audits(10)) {
      long searched = 0;
      int audited = 0;
      for (int query = 0; query < 20_000; query++) {
        search(audits, 100);
        searched += 100;
        audited += audits.judgeNext() ? 1 : 0;
        assertThat(500.0 * audited).isLessThanOrEqualTo(Audits.SHARE * searched + 500);
      }
      assertThat(audited).isBetween(100, 121);
    }
    assertThat(closed).as("each answer lets its segments go").isEqualTo(2000);
  }

  @Test
  void audit_everyZero_isNever() {
    try (var audits = audits(0)) {
      for (int query = 0; query < 100; query++) {
        search(audits, 1_000_000);
      }
      assertThat(audits.judgeNext()).isFalse();
      assertThat(audits.lastHour(VECTOR)).isNull();
    }
  }

  /** What has a curve measures it anew, whatever kind of index it is. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          graph(r=16)           | true
          hnsw                  | true
          vamana                | true
          ivf                   | true
          ivf(codes=bits1)      | true
          flat                  | false
          flat(shadow=int8)     | false
          flat(shadow=bits1)    | false
          """)
  void measures_indexesWithACurve_alone(String index, boolean expected) {
    assertThat(AuditedAnswer.measures(IndexSpec.parse(index))).isEqualTo(expected);
  }
}
