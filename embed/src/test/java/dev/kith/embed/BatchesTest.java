package dev.kith.embed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.testing.Seeded;
import java.util.ArrayList;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class BatchesTest {
  @Test
  void of_randomLengths_everyTextOnceWithinTheBudgetLongestFirst(SplittableRandom random) {
    var texts = new ArrayList<int[]>();
    for (int i = 0; i < 1000; i++) {
      texts.add(new int[2 + random.nextInt(Batches.TOKENS + 100)]);
    }
    var seen = new ArrayList<Integer>();
    int before = Integer.MAX_VALUE;
    for (var batch : Batches.of(texts)) {
      int longest = texts.get(batch[0]).length;
      assertThat(longest).isLessThanOrEqualTo(before);
      assertThat(batch.length == 1 || batch.length * longest <= Batches.TOKENS).isTrue();
      IntStream.of(batch).forEach(seen::add);
      before = texts.get(batch[batch.length - 1]).length;
    }
    assertThat(seen).hasSize(1000).doesNotHaveDuplicates();
  }

  @Test
  void of_noTexts_noBatches() {
    assertThat(Batches.of(new ArrayList<>())).isEmpty();
  }
}
