package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.metric.Metric;
import dev.kith.core.quant.RowCodes;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class CopiesTest {
  private static Copies find(float[][] rows, int degree) {
    try (var source = VectorSource.of(rows)) {
      return Copies.find(RowCodes.encode(source, Metric.L2, 8, 1, BuildOptions.defaults()), degree);
    }
  }

  @Test
  void find_noOrFewCopies_leavesAll(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 100, 5);
    rows[40] = rows[7];
    rows[41] = rows[7];
    var copies = find(rows, 8);
    assertThat(copies.isEmpty()).isTrue();
    assertThat(copies.kept()).hasSize(100).isSorted();
  }

  @Test
  void expand_anyGroups_everyCopyIsReached(SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 400, 5);
    for (int i = 0; i < 400; i += 2) {
      rows[i] = rows[i % 4 + 1]; // a hundred copies of each of two rows
    }
    var copies = find(rows, 8);
    assertThat(copies.kept().length).isEqualTo(200);
    int kept = copies.kept().length;
    var built = graph(kept, 8);
    for (int row = 0; row < kept; row++) {
      int from = row;
      var links = new int[8];
      Arrays.setAll(links, i -> (from + i + 1) % kept);
      built.setNeighbours(row, links, 8);
    }
    var all = graph(400, 8);
    copies.expand(built, all);
    for (int row = 0; row < 400; row++) {
      assertThat(all.neighbours(row)).doesNotContain(row).doesNotHaveDuplicates();
    }
    assertThat(Reach.reached(all, new int[] {3}).cardinality()).isEqualTo(400);
    assertThat(Reach.reached(all, new int[] {396}).cardinality()).isEqualTo(400);
    assertThat(copies.numbers(new int[] {0, kept - 1}))
        .containsExactly(copies.kept()[0], copies.kept()[kept - 1]);
  }

  private static Graph graph(int size, int degree) {
    var links = Arena.ofAuto().allocate(4L * size * degree, 64);
    links.fill((byte) -1);
    return new Graph(links, size, degree);
  }
}
