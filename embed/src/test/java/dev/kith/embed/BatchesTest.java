package dev.kith.embed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchesTest {
  @Test
  void of_randomLengths_everyTextOnceWithinTheBudgetLongestFirst() {
    long seed = Seeds.next();
    var random = new Random(seed);
    var texts = new ArrayList<int[]>();
    for (int i = 0; i < 1000; i++) {
      texts.add(new int[2 + random.nextInt(Batches.TOKENS + 100)]);
    }
    var seen = new ArrayList<Integer>();
    int before = Integer.MAX_VALUE;
    for (var batch : Batches.of(texts)) {
      int longest = texts.get(batch[0]).length;
      assertThat(longest).as(Seeds.rerun(seed)).isLessThanOrEqualTo(before);
      assertThat(batch.length == 1 || batch.length * longest <= Batches.TOKENS)
          .as(Seeds.rerun(seed))
          .isTrue();
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
