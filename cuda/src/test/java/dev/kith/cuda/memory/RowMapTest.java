package dev.kith.cuda.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.search.RowFilter;
import dev.kith.core.testing.Seeded;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.cuda.memory.GpuBufferLoader.Part;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class RowMapTest {
  private static final int ROUNDS = 200 * Seeded.effort();

  private static VectorSource rows(long size) {
    return VectorSource.over(
        Arena.ofAuto().allocate(Math.max(size, 1)), 1, size, 1, ElementType.INT8);
  }

  @Test
  void rows_anyParts_areThoseOfTheSourcesInOrder(SplittableRandom random) {
    for (int round = 0; round < ROUNDS; round++) {
      var parts = new ArrayList<Part>();
      var expected = new ArrayList<long[]>(); // part, row
      for (int p = 0; p < 1 + random.nextInt(5); p++) {
        int size = random.nextInt(3) == 0 ? 0 : random.nextInt(round % 20 == 0 ? 140_000 : 300);
        int mode = random.nextInt(5); // all, a half, none, the last alone, most
        var live =
            switch (mode) {
              case 0 -> null;
              case 1 -> RowFilter.of(size, _ -> random.nextBoolean());
              case 2 -> RowFilter.of(size, _ -> false);
              case 3 -> RowFilter.of(size, _ -> random.nextInt(8) > 0);
              default -> RowFilter.of(size, row -> row == size - 1);
            };
        parts.add(new Part(rows(size), live));
        for (long row = 0; row < size; row++) {
          if (live == null || live.allows(row)) {
            expected.add(new long[] {p, row});
          }
        }
      }
      var map = new RowMap(parts);
      assertThat(map.size()).isEqualTo(expected.size());
      for (int row = 0; row < expected.size(); row++) {
        assertThat(new long[] {map.part(row), map.row(row)})
            .as("row %d", row)
            .isEqualTo(expected.get(row));
        int most = 1 + random.nextInt(10);
        assertThat(map.together(row, most))
            .as("from row %d, at most %d", row, most)
            .isEqualTo(together(expected, row, most));
      }
      assertThatThrownBy(() -> map.part(map.size())).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> map.row(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  private static int together(List<long[]> rows, int from, int most) {
    int n = 1;
    while (n < most
        && from + n < rows.size()
        && rows.get(from + n)[0] == rows.get(from)[0]
        && rows.get(from + n)[1] == rows.get(from)[1] + n) {
      n++;
    }
    return n;
  }

  @Test
  void rows_filteredAndMoreThanInts_areRefused() {
    assertThatThrownBy(() -> RowMap.requireInts(1L << 31, "big.npy"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a source that is loaded with a filter must have fewer than 2^31 rows: rows=2147483648"
                + " (big.npy); load slices of it");
    RowMap.requireInts(Integer.MAX_VALUE, "big.npy");
  }

  @Test
  void part_filterOfAnotherSize_isRefused() {
    assertThatThrownBy(() -> new Part(rows(4), RowFilter.of(5, _ -> true)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a filter must have a bit for each row of the source: bits=5, rows=4 (memory)");
  }
}
