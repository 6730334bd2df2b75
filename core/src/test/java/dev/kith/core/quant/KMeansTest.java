package dev.kith.core.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.kernel.Kernels;
import dev.kith.core.metric.Metric;
import dev.kith.core.testing.Fixed;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class KMeansTest {
  private static KMeans fit(VectorSource rows, int cells, int threads) {
    var options = BuildOptions.defaults().withThreads(threads);
    return KMeans.fit(rows, Metric.L2, cells, 3, Kernels.scalar().rows(), options);
  }

  private static int[][] cells(KMeans means, VectorSource rows) {
    var finder = means.finder();
    var cells = new int[(int) rows.size()][];
    for (int row = 0; row < cells.length; row++) {
      cells[row] = finder.find(rows, row).clone();
    }
    return cells;
  }

  /** Well apart, a cluster is never split over cells that hold another cluster, too. */
  @Test
  void find_clustersWellApart_keepsThemTogether(@Fixed SplittableRandom random) {
    var rows = TestVectors.gaussians(random, 600, 8);
    for (int i = 0; i < rows.length; i++) {
      rows[i][0] += 1000f * (i % 3);
    }
    try (var source = VectorSource.of(rows)) {
      var cells = cells(fit(source, 12, 0), source);
      var owner = new int[12];
      Arrays.fill(owner, -1);
      for (int i = 0; i < rows.length; i++) {
        assertThat(cells[i]).hasSize(2).doesNotHaveDuplicates();
        int cell = cells[i][0];
        assertThat(owner[cell]).isIn(-1, i % 3);
        owner[cell] = i % 3;
      }
    }
  }

  @Test
  void fit_anyNumberOfThreads_sameCells(SplittableRandom random) {
    try (var source = VectorSource.of(TestVectors.gaussians(random, 3000, 5))) {
      var one = cells(fit(source, 9, 1), source);
      assertThat(cells(fit(source, 9, 4), source)).isDeepEqualTo(one);
    }
  }

  @Test
  void find_equalRowsOrOneCell_isNoFailure() {
    try (var source = VectorSource.of(new float[50][3])) {
      assertThat(cells(fit(source, 4, 0), source)[7]).hasSize(2).doesNotHaveDuplicates();
      assertThat(cells(fit(source, 1, 0), source)[7]).containsExactly(0);
    }
  }

  @Test
  void fit_moreCellsThanRows_isRefused() {
    try (var source = VectorSource.of(new float[3][2])) {
      assertThatThrownBy(() -> fit(source, 4, 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("there must be a row for each of the cells, and one cell: cells=4, rows=3");
    }
  }
}
