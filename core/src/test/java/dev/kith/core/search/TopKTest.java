package dev.kith.core.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.testing.Seeded;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(Seeded.class)
class TopKTest {

  @ParameterizedTest
  @CsvSource({"1,1", "1,100", "10,9", "10,10", "10,11", "17,1000", "1000,1000", "2000000000,50"})
  void drain_manyTies_isASortedPrefix(int k, int offered, SplittableRandom random) {
    var pairs = new ArrayList<Neighbor>();
    for (int row = 0; row < offered; row++) {
      pairs.add(new Neighbor(row, random.nextInt(offered / 3 + 1) - 2.0));
    }
    var top = new TopK(k);
    for (var pair : shuffled(pairs, random)) {
      top.offer(pair.score(), pair.row());
    }
    pairs.sort(Comparator.comparingDouble(Neighbor::score).thenComparingLong(Neighbor::row));
    var expected = pairs.subList(0, Math.min(k, offered));

    assertThat(top.size()).isEqualTo(expected.size());
    assertThat(top.bound())
        .isEqualTo(offered < k ? Double.POSITIVE_INFINITY : expected.get(k - 1).score());
    var rows = new long[top.size()];
    var keys = new double[top.size()];
    top.drain(rows, keys);
    var found = new ArrayList<Neighbor>();
    for (int i = 0; i < rows.length; i++) {
      found.add(new Neighbor(rows[i], keys[i]));
    }
    assertThat(found).isEqualTo(expected);
    assertThat(top.size()).isZero();
  }

  private static List<Neighbor> shuffled(List<Neighbor> pairs, SplittableRandom random) {
    var copy = new ArrayList<>(pairs);
    for (int i = copy.size() - 1; i > 0; i--) {
      Collections.swap(copy, i, random.nextInt(i + 1));
    }
    return copy;
  }

  @Test
  void new_withoutRoom_isRefused() {
    assertThatThrownBy(() -> new TopK(0)).hasMessage("k must be at least 1: 0");
  }
}
