package dev.kith.core.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.vector.Chunks;
import org.junit.jupiter.api.Test;

class LiveRowsTest {
  @Test
  void block_anyChunk_tellsTheNumbersOfItsRows() {
    var rows = new LiveRows(new Chunks(64), 1);
    rows.grow();
    for (int slot : new int[] {0, 63, 64, 127}) {
      rows.write(slot, new float[] {slot});
      assertThat(rows.block(slot, 1).firstRow()).isEqualTo(slot);
      assertThat(rows.row(slot)).containsExactly(slot);
    }
  }

  @Test
  void pickedBlock_anySlots_countsFromThePicked() {
    var rows = new LiveRows(new Chunks(64), 1);
    int[] slots = {17, 5, 40};
    for (int slot : slots) {
      rows.write(slot, new float[] {slot});
    }
    try (var picked = rows.pick(slots)) {
      for (int i = 0; i < slots.length; i++) {
        for (int count = 1; i + count <= slots.length; count++) {
          assertThat(picked.block(i, count).firstRow()).isEqualTo(i);
        }
        assertThat(picked.row(i)).containsExactly(slots[i]);
      }
    }
  }
}
