package dev.kith.cuda.exact;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.testing.Seeded;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class PlanTest {
  private static final int ROUNDS = 20_000 * Seeded.effort();

  /** Any magnitude up to {@code most}, the ends often. */
  private static long any(SplittableRandom random, long most) {
    return switch (random.nextInt(8)) {
      case 0 -> 1;
      case 1 -> most;
      default -> 1 + (long) (Math.pow((double) most, random.nextDouble()) * random.nextDouble());
    };
  }

  @Test
  void chunks_anyShape_coverAllRowsInOrderWithoutGaps(SplittableRandom random) {
    for (int round = 0; round < ROUNDS; round++) {
      int n = (int) Math.min(any(random, Integer.MAX_VALUE), Integer.MAX_VALUE);
      long allowed = Math.min(any(random, n), n);
      int k = (int) Math.min(any(random, Sizes.MOST_K), allowed);
      boolean few = random.nextBoolean();
      int capacity = few ? Math.max(1 << 16, 32 * k) : 1 << random.nextInt(12, 17);
      int queries = few ? random.nextInt(1, 5) : random.nextInt(5, 1000);
      var plan = new Plan(n, allowed, queries, k, capacity, few, random.nextBoolean());
      var as =
          "n=%d, allowed=%d, k=%d, capacity=%d, few=%s".formatted(n, allowed, k, capacity, few);
      assertThat(plan.from(0)).as(as).isZero();
      for (int c = 0; c < plan.chunks(); c++) {
        assertThat(plan.to(c)).as(as).isGreaterThan(plan.from(c));
        if (c > 0) {
          assertThat(plan.from(c)).as(as).isEqualTo(plan.to(c - 1));
          assertThat((long) plan.to(c) - plan.from(c))
              .as(as)
              .isLessThanOrEqualTo(128L * plan.from(c));
        }
      }
      assertThat(plan.to(plan.chunks() - 1)).as(as).isEqualTo(n);
    }
  }

  /** All of them are kept, each at its own place. */
  @Test
  void firstChunk_withoutAFilter_fitsIntoTheLists(SplittableRandom random) {
    for (int round = 0; round < ROUNDS; round++) {
      int n = (int) Math.min(any(random, Integer.MAX_VALUE), Integer.MAX_VALUE);
      int k = (int) Math.min(any(random, Sizes.MOST_K), n);
      for (boolean few : new boolean[] {true, false}) {
        int capacity = few ? Math.max(1 << 16, 32 * k) : 1 << random.nextInt(12, 17);
        var plan = new Plan(n, n, few ? 1 : 1000, k, capacity, few, false);
        assertThat(plan.to(0)).as("n=%d, k=%d", n, k).isLessThanOrEqualTo(capacity / 2);
      }
    }
  }

  /** A list that overflows costs canonical keys of all rows. */
  @Test
  void laterChunks_listsAsLooseAsTheyAreTakenToBe_fitIntoThem() {
    int n = 10_000_000;
    for (int k = 1; k <= Sizes.MOST_K; k++) {
      double list = Plan.LOOSE + Plan.LOOSENESS * k;
      for (int queries : new int[] {1, 5, 128, 1000}) {
        int capacity = Sizes.capacity(k, queries);
        var plan = new Plan(n, n, queries, k, capacity, queries <= Sizes.FEW, false);
        for (int c = 1; c < plan.chunks(); c++) {
          double more = list * (plan.to(c) - plan.from(c)) / plan.from(c);
          assertThat(list + more)
              .as("k=%d, queries=%d, chunk %d", k, queries, c)
              .isLessThanOrEqualTo(capacity);
        }
      }
    }
  }

  /** The chunk that would have set thresholds is part of the first. */
  @Test
  void firstChunk_queriesWithLimits_isAsLongAsTheFirstTwo(SplittableRandom random) {
    for (int round = 0; round < ROUNDS; round++) {
      int n = (int) Math.min(any(random, Integer.MAX_VALUE), Integer.MAX_VALUE);
      int k = (int) Math.min(any(random, Sizes.MOST_K), n);
      boolean few = random.nextBoolean();
      int queries = few ? 1 : 1000;
      int capacity = Sizes.capacity(k, queries);
      var plan = new Plan(n, n, queries, k, capacity, few, false);
      var limited = new Plan(n, n, queries, k, capacity, few, true);
      assertThat(limited.chunks()).isEqualTo(Math.max(1, plan.chunks() - 1));
      for (int c = 0; c < limited.chunks(); c++) {
        assertThat(limited.to(c)).isEqualTo(plan.to(Math.min(c + 1, plan.chunks() - 1)));
      }
    }
  }
}
