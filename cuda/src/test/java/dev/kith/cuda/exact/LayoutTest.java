package dev.kith.cuda.exact;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.testing.Seeded;
import dev.kith.cuda.store.DeviceCodes;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class LayoutTest {
  private static final int ROUNDS = 5000 * Seeded.effort();

  @Test
  void parts_anyShape_followEachOtherAligned(SplittableRandom random) {
    for (int round = 0; round < ROUNDS; round++) {
      int queries = 1 + random.nextInt(1 << random.nextInt(1, 15));
      int d = 1 + random.nextInt(1 << random.nextInt(1, 17));
      int stride = DeviceCodes.stride(Math.min(d, 1 << 16));
      int k = 1 + random.nextInt(Sizes.MOST_K);
      int capacity = 1 << random.nextInt(12, 17);
      int rows = 1 + random.nextInt(Integer.MAX_VALUE);
      var where = new Layout(queries, d, stride, k, capacity, rows);
      long q = queries;
      long[][] parts = { // where, bytes, alignment
        {where.reports, 16 * q, 16},
        {where.keys(queries), 8 * q * k, 8},
        {where.found(queries), 4 * q * k, 4},
        {where.given, 4 * q * d, 256},
        {where.given + where.limits(queries), 8 * q, 8},
        {where.high, q * stride, 256},
        {where.low, Math.min(q, Sizes.FEW) * stride, 256},
        {where.filters, 16 * q, 16},
        {where.terms, 56 * q, 8},
        {where.counts, 4 * q, 4},
        {where.valued, 4 * q, 4},
        {where.done, 4 * q, 4},
        {where.outcomes, 16 * q, 16},
        {where.tickets, 4 * q, 4},
        {where.slots, 4 * q, 4},
        {where.listRows, 4 * q * capacity, 4},
        {where.lowers, 4 * q * capacity, 4},
        {where.uppers, 4 * q * capacity, 4},
        {where.listKeys, 8 * q * capacity, 8},
        {where.allowed, (rows + 63L) / 64 * 8, 8},
        {where.positions, (rows + 63L) / 64 * 8, 8}
      };
      long end = 0;
      for (int p = 0; p < parts.length; p++) {
        assertThat(parts[p][0]).as("part %d of %s queries", p, q).isGreaterThanOrEqualTo(end);
        assertThat(parts[p][0] % parts[p][2]).as("part %d", p).isZero();
        end = parts[p][0] + parts[p][1];
        if (p == 2) {
          assertThat(where.resultBytes(queries)).isEqualTo(end);
        }
      }
      assertThat(where.bytes).isGreaterThanOrEqualTo(end);
      assertThat(where.givenBytes()).isGreaterThanOrEqualTo(where.limits(queries) + 8 * q);
      assertThat(where.givenBytes() % 64).isZero();
    }
  }

  @Test
  void serves_anotherShape_onlyWhereEveryPlaceIsTheSame() {
    var where = new Layout(100, 32, 32, 10, 4096, 5000);
    assertThat(where.serves(100, new Layout(100, 32, 32, 10, 4096, 5000))).isTrue();
    assertThat(where.serves(51, new Layout(51, 32, 32, 10, 4096, 100))).isTrue();
    assertThat(where.serves(1, new Layout(1, 32, 32, 10, 4096, 100))).isTrue();
    assertThat(where.serves(101, new Layout(101, 32, 32, 10, 4096, 100))).as("more").isFalse();
    assertThat(where.serves(100, new Layout(100, 31, 32, 10, 4096, 100))).as("d").isFalse();
    assertThat(where.serves(100, new Layout(100, 32, 48, 10, 4096, 100))).as("stride").isFalse();
    assertThat(where.serves(100, new Layout(100, 32, 32, 11, 4096, 100))).as("k").isFalse();
    assertThat(where.serves(100, new Layout(100, 32, 32, 10, 8192, 100))).as("lists").isFalse();
    assertThat(where.serves(100, new Layout(100, 32, 32, 10, 4096, 5001))).as("rows").isFalse();
  }

  /**
   * A block has no more shared memory than the device says, and kernels declare some themselves.
   */
  @Test
  void isFew_longQueries_leavesRoomForWhatKernelsDeclare() {
    int hopper = 227 << 10;
    assertThat(Sizes.isFew(4, DeviceCodes.stride(768), hopper)).isTrue();
    assertThat(Sizes.isFew(5, DeviceCodes.stride(768), hopper)).isFalse();
    assertThat(Sizes.isFew(4, hopper / 8, hopper)).as("not a byte left").isFalse();
    assertThat(Sizes.isFew(4, hopper / 8 - 128, hopper)).isTrue();
    assertThat(Sizes.isFew(1, 65_536, hopper)).isTrue();
    assertThat(Sizes.isFew(2, 65_536, hopper)).isFalse();
  }

  @Test
  void groupSize_anyBudget_isAtLeastOneAndSplitsEvenly() {
    assertThat(Sizes.group(10, 768, 1, 1)).isEqualTo(1);
    assertThat(Sizes.group(10, 768, 100_000, 1L << 40)).isEqualTo(14_286); // of 7 groups
    int group = Sizes.group(2048, 65_536, 100_000, 512 << 20);
    assertThat(group).isBetween(1, 1 << 14);
    assertThat((long) group * (Layout.listBytes(1 << 16) + 4L * 65_536))
        .isLessThanOrEqualTo(512 << 20);
  }
}
