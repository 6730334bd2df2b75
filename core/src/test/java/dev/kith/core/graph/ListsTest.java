package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.kernel.Picks;
import dev.kith.core.metric.Metric;
import dev.kith.core.quant.RowCodes;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeded.class)
class ListsTest {
  private static CodedRows coded(VectorSource source) {
    var codes = RowCodes.encode(source, Metric.L2, 8, 1, BuildOptions.defaults());
    return CodedRows.of(codes, Kernels.scalar());
  }

  private static int[][] rows(NearestLists lists) {
    var rows = new int[lists.size()][];
    for (int row = 0; row < rows.length; row++) {
      rows[row] = new int[lists.count(row)];
      for (int i = 0; i < rows[row].length; i++) {
        rows[row][i] = lists.other(row, i);
      }
    }
    return rows;
  }

  /** Lists by the definition: all pairs, sorted, by estimates whose query is the lower row. */
  private static int[][] slowly(CodedRows rows, int length) {
    int size = rows.size();
    var scorer = rows.scorers().scorer();
    var picks = new Picks(size);
    var distances = new float[size][size];
    for (int row = 0; row < size; row++) {
      for (int i = 0; i < size; i++) {
        picks.rows()[i] = i;
      }
      scorer.setRow(row);
      scorer.estimate(picks, size);
      for (int i = row + 1; i < size; i++) {
        distances[row][i] = Math.max(0, picks.estimates()[i] + scorer.offset());
        distances[i][row] = distances[row][i];
      }
    }
    var nearest = new int[size][];
    for (int row = 0; row < size; row++) {
      var own = distances[row];
      var others = new ArrayList<Integer>();
      for (int i = 0; i < size; i++) {
        if (i != row) {
          others.add(i);
        }
      }
      others.sort((a, b) -> own[a] != own[b] ? Float.compare(own[a], own[b]) : a - b);
      nearest[row] = others.stream().limit(length).mapToInt(i -> i).toArray();
    }
    return nearest;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 63, 64, 65, 1023, 1024, 1025})
  void offer_allPairs_areTheNearestRows(int size, SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, size, 4))) {
      var rows = coded(source);
      var lists = new NearestLists(size, 9);
      var numbers = new int[size];
      Arrays.setAll(numbers, i -> i);
      AllPairs.offer(lists, rows, numbers, BuildOptions.defaults().withThreads(3));
      assertThat(rows(lists)).isDeepEqualTo(slowly(rows, 9));
    }
  }

  /** The same lists whatever the order of the offers, with ties and with repeated offers. */
  @Test
  void offer_anyOrder_sameLists(SplittableRandom random) {
    var offers = new ArrayList<int[]>();
    for (int i = 0; i < 3000; i++) {
      int row = random.nextInt(20);
      int other = random.nextInt(100);
      offers.add(new int[] {row, other, (row * 31 + other * 17) % 13 - 1});
    }
    int[][] first = new int[0][];
    for (int round = 0; round < 5; round++) {
      var lists = new NearestLists(20, 8);
      for (var offer : offers) {
        lists.offer(offer[0], offer[1], offer[2]);
      }
      if (round == 0) {
        first = rows(lists);
        for (int row = 0; row < 20; row++) {
          var byHand = new TreeSet<Long>();
          for (var offer : offers) {
            if (offer[0] == row) {
              byHand.add(1000L * Math.max(0, offer[2]) + offer[1]);
            }
          }
          assertThat(first[row])
              .isEqualTo(byHand.stream().limit(8).mapToInt(key -> (int) (key % 1000)).toArray());
        }
      }
      assertThat(rows(lists)).isDeepEqualTo(first);
      Collections.shuffle(offers, new Random(random.nextLong()));
    }
  }

  /** Sizes that are multiples of list, sample or degree are as good as others. */
  @ParameterizedTest
  @ValueSource(ints = {2, 16, 17, 512, 1024, 1025, 1536, 2000, 2048})
  void run_neighbourDescent_findsNearlyAllNearest(int size, @Fixed SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, size, 8))) {
      var rows = coded(source);
      var exact = slowly(rows, 16);
      int[][] first = new int[0][];
      for (int threads : new int[] {1, 2, 5}) {
        var lists = new NearestLists(size, Math.min(32, size - 1));
        var options = BuildOptions.defaults().withThreads(threads);
        int rounds = new NeighbourDescent(lists, rows, 7, options).run();
        assertThat(rounds).isBetween(1, 25);
        var found = rows(lists);
        long hits = 0;
        long all = 0;
        for (int row = 0; row < size; row++) {
          assertThat(found[row]).doesNotContain(row).doesNotHaveDuplicates();
          var set = new TreeSet<Integer>(Arrays.stream(found[row]).boxed().toList());
          hits += Arrays.stream(exact[row]).filter(set::contains).count();
          all += exact[row].length;
        }
        assertThat(hits / (double) all).isGreaterThanOrEqualTo(0.97);
        first = threads == 1 ? found : first;
        assertThat(found).isDeepEqualTo(first);
      }
    }
  }

  /** Each row lies in two blocks, and blocks of near rows hold most pairs of nearest rows. */
  @Test
  void of_manyRows_blocksHoldNearRows(@Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 3000, 4);
    try (var source = VectorSource.of(rows)) {
      var kept = new int[3000];
      Arrays.setAll(kept, i -> i);
      var options = BuildOptions.defaults();
      var blocks =
          Blocks.of(source, Metric.L2, kept, 1000, 500, 3, Kernels.scalar().rows(), options);
      assertThat(blocks.size()).isGreaterThanOrEqualTo(12);
      var times = new int[3000];
      var coded = coded(source);
      var lists = new NearestLists(3000, 8);
      for (var block : blocks) {
        assertThat(block.length).isLessThanOrEqualTo(1250);
        assertThat(block).isSorted().doesNotHaveDuplicates();
        for (int row : block) {
          times[row]++;
        }
        AllPairs.offer(lists, coded.some(block), block, options);
      }
      assertThat(times).containsOnly(2);
      var exact = slowly(coded, 8);
      var found = rows(lists);
      long hits = 0;
      for (int row = 0; row < 3000; row++) {
        var set = new TreeSet<Integer>(Arrays.stream(found[row]).boxed().toList());
        hits += Arrays.stream(exact[row]).filter(set::contains).count();
      }
      assertThat(hits / (8.0 * 3000)).isGreaterThanOrEqualTo(0.9);
      var one = Blocks.of(source, Metric.L2, kept, 3000, 500, 3, Kernels.scalar().rows(), options);
      assertThat(one).hasSize(1);
      assertThat(one.getFirst()).isEqualTo(kept);
    }
  }

  /** Rows that are all alike give one cell, which is cut. */
  @Test
  void of_equalRows_noBlockIsTooLarge() {
    try (var source = VectorSource.of(new float[4000][3])) {
      var kept = new int[4000];
      Arrays.setAll(kept, i -> i);
      var blocks =
          Blocks.of(
              source,
              Metric.L2,
              kept,
              1000,
              500,
              3,
              Kernels.scalar().rows(),
              BuildOptions.defaults());
      assertThat(blocks).allSatisfy(block -> assertThat(block).hasSizeBetween(1, 1250));
      assertThat(blocks.stream().mapToInt(block -> block.length).sum()).isEqualTo(8000);
    }
  }
}
