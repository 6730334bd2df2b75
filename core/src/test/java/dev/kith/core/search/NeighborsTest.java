package dev.kith.core.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.metric.Metric;
import org.junit.jupiter.api.Test;

class NeighborsTest {

  /** The reason why answers are merged by key: the root makes one score of two keys. */
  @Test
  void key_scoresThatTheRootMerges_differ() {
    double key = 2;
    double next = Math.nextUp(key);
    var found = new Neighbors(Metric.L2, new long[] {7, 3}, new double[] {key, next});
    assertThat(found.get(0)).isEqualTo(new Neighbor(7, Math.sqrt(2)));
    assertThat(found.get(1)).isEqualTo(new Neighbor(3, Math.sqrt(2)));
    assertThat(found.key(0)).isEqualTo(key);
    assertThat(found.key(1)).isEqualTo(next);
    assertThat(found.row(0)).isEqualTo(7);
    assertThat(found.row(1)).isEqualTo(3);
    assertThat(found.rows()).containsExactly(7, 3);
  }

  @Test
  void get_similarities_areNegatedKeys() {
    for (var metric : new Metric[] {Metric.DOT, Metric.COSINE}) {
      var found = new Neighbors(metric, new long[] {4}, new double[] {-0.5});
      assertThat(found).containsExactly(new Neighbor(4, 0.5));
    }
  }

  @Test
  void key_noSuchRank_isRefused() {
    var found = new Neighbors(Metric.L2, new long[1], new double[1]);
    assertThatThrownBy(() -> found.key(1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> found.row(-1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void construct_rowsWithoutKeys_saysBoth() {
    assertThatThrownBy(() -> new Neighbors(Metric.L2, new long[2], new double[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("each row has one key: rows=2, keys=3");
  }
}
