package dev.kith.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.kernel.CodeBlocks.Shape;
import dev.kith.core.kernel.CodeBlocks.Term;
import dev.kith.core.testing.Seeded;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class CodeBlocksTest {

  /** Bytes are where the class's comment draws them. */
  @Test
  void set_fourBits_liesWhereItIsDrawn() {
    var blocks = CodeBlocks.allocate(Arena.ofAuto(), new Shape(4, 8, 2, 3), 70);
    assertThat(blocks.shape().stride()).isEqualTo(384 + 2 * 128 + 384);
    assertThat(blocks.count()).isEqualTo(3);
    blocks.set(37, 1, 6, 9); // row 5 of block 1
    blocks.set(53, 1, 6, 4); // row 21 of block 1
    long at = 1024 + 384 + 128 + 16 * 6 + 5;
    assertThat(blocks.memory().get(ValueLayout.JAVA_BYTE, at)).isEqualTo((byte) 0x49);
    blocks.term(37, 1, Term.SLOPE, 2.5f);
    blocks.term(37, 2, Term.ERROR, 1.5f);
    assertThat(blocks.memory().get(Panels.FLOAT, 1024 + 128 + 4 * 5)).isEqualTo(2.5f);
    assertThat(blocks.memory().get(Panels.FLOAT, 1024 + 640 + 256 + 4 * 5)).isEqualTo(1.5f);
  }

  @Test
  void set_eightBits_liesWhereItIsDrawn() {
    var blocks = CodeBlocks.allocate(Arena.ofAuto(), new Shape(8, 3, 1, 1), 33);
    assertThat(blocks.shape().stride()).isEqualTo(256);
    blocks.set(32, 0, 2, 200);
    assertThat(blocks.memory().get(ValueLayout.JAVA_BYTE, 256 + 128 + 64)).isEqualTo((byte) 200);
  }

  @Test
  void get_whatWasSet_isThere(SplittableRandom random) {
    for (var shape : new Shape[] {new Shape(4, 12, 3, 1), new Shape(8, 5, 1, 0)}) {
      var blocks = CodeBlocks.allocate(Arena.ofAuto(), shape, 65);
      var codes = new int[65][shape.planes()][shape.groups()];
      for (int i = 0; i < 20_000; i++) {
        int row = random.nextInt(65);
        int plane = random.nextInt(shape.planes());
        int group = random.nextInt(shape.groups());
        codes[row][plane][group] = random.nextInt(shape.entries());
        blocks.set(row, plane, group, codes[row][plane][group]);
      }
      var again = CodeBlocks.over(blocks.memory(), shape);
      for (int row = 0; row < 65; row++) {
        for (int plane = 0; plane < shape.planes(); plane++) {
          for (int group = 0; group < shape.groups(); group++) {
            assertThat(again.get(row, plane, group)).isEqualTo(codes[row][plane][group]);
          }
        }
      }
    }
  }

  /** No value is further from what its entry stands for than the slack of its group. */
  @Test
  void tables_anyValues_loseNoMoreThanTheSlack(SplittableRandom random) {
    for (int bits : new int[] {4, 8}) {
      var query = new TableQuery(new Shape(bits, 4, 1, 0));
      int width = 1 << bits;
      for (int round = 0; round < 200; round++) {
        var values = new float[3 * width];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) (random.nextGaussian() * (1 + i / width * 5) + 3);
        }
        query.tables(values, 3);
        double worst = 0;
        for (int g = 0; g < 3; g++) {
          float least = Float.POSITIVE_INFINITY;
          for (int i = 0; i < width; i++) {
            least = Math.min(least, values[g * width + i]);
          }
          double most = 0;
          for (int i = 0; i < width; i++) {
            double stands = least + query.step() * query.entry(g, i);
            most = Math.max(most, Math.abs(stands - values[g * width + i]));
          }
          worst += most;
        }
        assertThat(query.slack()).isBetween(worst * (1 - 1e-9), worst * (1 + 1e-9) + 1e-12);
        assertThat(query.slack()).isLessThanOrEqualTo(1.5 * query.step() * (1 + 1e-9));
        assertThat(query.entry(3, 1)).isZero();
      }
    }
  }

  @Test
  void over_wrongMemory_isRefused() {
    var shape = new Shape(4, 4, 1, 0);
    var memory = Arena.ofAuto().allocate(192, 64);
    assertThat(CodeBlocks.over(memory, shape).count()).isEqualTo(3);
    var shorter = memory.asSlice(0, 100);
    assertThatThrownBy(() -> CodeBlocks.over(shorter, shape))
        .hasMessage("blocks of 64 bytes each do not fill 100 bytes");
    var moved = memory.asSlice(4, 64);
    assertThatThrownBy(() -> CodeBlocks.over(moved, shape))
        .hasMessage("blocks must be off-heap, at an address that is a multiple of 64");
  }
}
