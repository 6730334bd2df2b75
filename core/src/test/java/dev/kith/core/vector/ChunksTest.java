package dev.kith.core.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChunksTest {

  @ParameterizedTest
  @ValueSource(ints = {64, 128, 1 << 20})
  void chunkOf_anyRow_isTheOneThatHoldsIt(int first) {
    var chunks = new Chunks(first);
    int start = 0;
    for (int chunk = 0; chunk < 8; chunk++) {
      assertThat(chunks.start(chunk)).isEqualTo(start);
      assertThat(chunks.rows(chunk)).isEqualTo(Math.max(start, first));
      assertThat(chunks.chunkOf(start)).isEqualTo(chunk);
      start += chunks.rows(chunk);
      assertThat(chunks.chunkOf(start - 1)).isEqualTo(chunk);
    }
  }

  @Test
  void holding_anyRows_isTheNextPowerOfTwo() {
    assertThat(Chunks.holding(0).first()).isEqualTo(64);
    assertThat(Chunks.holding(64).first()).isEqualTo(64);
    assertThat(Chunks.holding(65).first()).isEqualTo(128);
    assertThat(Chunks.holding(1 << 30).first()).isEqualTo(1 << 30);
    assertThatThrownBy(() -> Chunks.holding((1 << 30) + 1))
        .hasMessage("chunks hold at most 1073741824 rows: 1073741825");
    assertThatThrownBy(() -> new Chunks(100))
        .hasMessage("the first chunk holds a power of two of rows, 64 to 1073741824: 100");
  }
}
