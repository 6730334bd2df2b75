package dev.kith.core.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.testing.Seeded;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeded.class)
class RowFilterTest {

  private static BitSet random(SplittableRandom random, int size) {
    var rows = new BitSet();
    int kind = random.nextInt(4);
    for (int r = 0; r < size; r++) {
      rows.set(r, kind == 0 || (kind > 1 && random.nextInt(kind == 2 ? 2 : 40) == 0));
    }
    return rows;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 1000})
  void of_predicateBitSetOrWords_isThoseRows(int size, SplittableRandom random) {
    for (int round = 0; round < 20 * Seeded.effort(); round++) {
      var rows = random(random, size);
      for (var filter :
          new RowFilter[] {
            RowFilter.of(size, row -> rows.get((int) row)),
            RowFilter.of(size, rows),
            RowFilter.of(size, rows.toLongArray()),
            RowFilter.of(size, Arrays.copyOf(rows.toLongArray(), size / 64 + 3))
          }) {
        assertThat(filter.size()).isEqualTo(size);
        assertThat(filter.count()).isEqualTo(rows.cardinality());
        for (int r = 0; r < size; r++) {
          assertThat(filter.allows(r)).as("row %d of %d", r, size).isEqualTo(rows.get(r));
        }
      }
    }
  }

  @Test
  void of_bitSetChangedLater_staysAsItWas() {
    var rows = new BitSet();
    rows.set(3);
    var filter = RowFilter.of(100, rows);
    rows.set(70);
    rows.clear(3);
    assertThat(filter.allows(3)).isTrue();
    assertThat(filter.allows(70)).isFalse();
    assertThat(filter.count()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 64, 65, 200})
  void bits_anySize_areLittleEndianAndEndInZeros(int size, SplittableRandom random) {
    var rows = random(random, size);
    var bits = RowFilter.of(size, rows).bits();
    assertThat(bits.byteSize()).isEqualTo(Math.max((size + 63) / 64 * 8, 8));
    assertThat(bits.isNative()).isTrue();
    assertThat(bits.isReadOnly()).isTrue();
    for (int r = 0; r < 8 * bits.byteSize(); r++) {
      boolean set = (bits.get(ValueLayout.JAVA_BYTE, r / 8) >> r % 8 & 1) == 1;
      assertThat(set).as("bit %d of %d rows", r, size).isEqualTo(rows.get(r));
    }
    assertThat(bits.mismatch(RowFilter.of(size, row -> rows.get((int) row)).bits())).isEqualTo(-1);
  }

  /** Blocks of a scan: whole words, or what the last rows leave of one. */
  @Test
  void allowsAny_blocks_isWhetherOneIsAllowed(SplittableRandom random) {
    for (int round = 0; round < 200 * Seeded.effort(); round++) {
      int size = 1 + random.nextInt(700);
      var rows = new BitSet();
      for (int i = random.nextInt(4); i > 0; i--) {
        rows.set(random.nextInt(size));
      }
      var filter = RowFilter.of(size, rows);
      for (int first = 0; first < size; first += 64) {
        for (int length : new int[] {64, 128, 320, 1024}) {
          int next = rows.nextSetBit(first);
          assertThat(filter.allowsAny(first, length))
              .as("rows %s, block of %d at %d", rows, length, first)
              .isEqualTo(next >= 0 && next < first + length);
        }
      }
    }
  }

  @Test
  void pick_anyBlock_listsItsRows(SplittableRandom random) {
    for (int round = 0; round < 100 * Seeded.effort(); round++) {
      int size = 1 + random.nextInt(700);
      var rows = random(random, size);
      var filter = RowFilter.of(size, rows);
      var picked = new int[700];
      for (int first = 0; first < size; first += 64) {
        for (int length : new int[] {1, 63, 64, 65, 128, 700}) {
          int from = first;
          int n = filter.pick(first, length, picked);
          assertThat(Arrays.copyOf(picked, n))
              .as("rows %s, %d rows at %d", rows, length, first)
              .isEqualTo(
                  rows.stream()
                      .filter(row -> row >= from && row < from + length)
                      .map(row -> row - from)
                      .toArray());
        }
      }
    }
  }

  @Test
  void of_bitsBehindTheLastRow_namesTheHighest() {
    var rows = new BitSet();
    rows.set(5);
    rows.set(64);
    assertThat(RowFilter.of(65, rows).count()).isEqualTo(2);
    assertThatThrownBy(() -> RowFilter.of(64, rows))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a filter names rows of its source alone: rows=64, highest bit=64");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 64, 65, 130})
  void of_wordsBehindTheLastRow_namesTheHighest(int size) {
    for (int highest : new int[] {size, size + 1, (size + 64) / 64 * 64, size + 200}) {
      var words = new long[highest / 64 + 2];
      words[0] = size == 0 ? 0 : 1;
      words[highest / 64] |= 1L << highest;
      assertThatThrownBy(() -> RowFilter.of(size, words))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "a filter names rows of its source alone: rows=%d, highest bit=%d", size, highest);
    }
  }

  @Test
  void of_wordsChangedLater_staysAsItWas() {
    long[] words = {0b1000};
    var filter = RowFilter.of(64, words);
    words[0] = 1;
    assertThat(filter.allows(3)).isTrue();
    assertThat(filter.allows(0)).isFalse();
  }

  @Test
  void of_negativeSize_isRefused() {
    assertThatThrownBy(() -> RowFilter.of(-1, row -> true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a filter has 0 rows or more: -1");
    assertThatThrownBy(() -> RowFilter.of(-1, new long[0]))
        .hasMessage("a filter has 0 rows or more: -1");
  }

  /** The bits go on to a multiple of 64, the rows do not. */
  @Test
  void allows_noSuchRow_isRefused() {
    var filter = RowFilter.of(50, row -> true);
    assertThat(filter.count()).isEqualTo(50);
    assertThatThrownBy(() -> filter.allows(50))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("Index 50 out of bounds for length 50");
    assertThatThrownBy(() -> filter.allows(-1))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("Index -1 out of bounds for length 50");
  }

  @Test
  void slice_anyPart_letsTheSameRowsThrough(SplittableRandom random) {
    for (int size : new int[] {0, 1, 63, 64, 65, 500, 1024}) {
      var filter = RowFilter.of(size, _ -> random.nextBoolean());
      for (long first = 0; first <= size; first += 64) {
        for (long length : new long[] {0, 1, 63, 64, 65, size - first}) {
          if (length < 0 || first + length > size) {
            continue;
          }
          var part = filter.slice(first, length);
          assertThat(part.size()).isEqualTo(length);
          long count = 0;
          for (long row = 0; row < length; row++) {
            assertThat(part.allows(row)).isEqualTo(filter.allows(first + row));
            count += part.allows(row) ? 1 : 0;
          }
          assertThat(part.count()).isEqualTo(count);
          assertThat(filter.count(first, length)).isEqualTo(count);
          assertThat(part.bits().byteSize()).isEqualTo(Math.max((length + 63) / 64, 1) * 8);
        }
      }
    }
    var filter = RowFilter.of(200, _ -> true);
    assertThatThrownBy(() -> filter.slice(63, 10))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a part of a filter begins at a multiple of 64: 63");
    assertThatThrownBy(() -> filter.slice(192, 9)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
