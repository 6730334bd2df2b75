package dev.kith.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.kernel.CodeBlocks.Shape;
import dev.kith.core.kernel.CodeBlocks.Term;
import dev.kith.core.testing.Seeded;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract of every {@link TableKernel}. */
@ExtendWith(Seeded.class)
public abstract class TableKernelContract {
  private static final int ROWS = CodeBlocks.ROWS;

  /** Kernel under test. */
  protected abstract TableKernel kernel();

  /** Codes one by one beside the blocks that hold them, and a query. */
  private static final class Asked {
    final Shape shape;
    final int[][][] codes;
    final CodeBlocks blocks;
    final TableQuery query;

    Asked(Shape shape, int rows) {
      this.shape = shape;
      this.codes = new int[rows][shape.planes()][shape.groups()];
      this.blocks = CodeBlocks.allocate(Arena.ofAuto(), shape, rows);
      this.query = new TableQuery(shape);
    }

    static Asked random(SplittableRandom random, Shape shape, int rows) {
      var asked = new Asked(shape, rows);
      int kind = random.nextInt(4);
      int most = shape.entries() - 1;
      for (int row = 0; row < rows; row++) {
        for (int plane = 0; plane < shape.planes(); plane++) {
          for (int g = 0; g < shape.groups(); g++) {
            asked.set(row, plane, g, kind == 0 ? most : random.nextInt(most + 1));
          }
        }
        for (int planes : asked.scans()) {
          for (var term : Term.values()) {
            if (shape.terms() == 3 || (shape.terms() == 1 && term == Term.BASE)) {
              float value = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(-2, 5)));
              asked.blocks.term(row, planes, term, random.nextInt(40) == 0 ? Float.NaN : value);
            }
          }
        }
      }
      var values = new float[shape.groups() * shape.entries()];
      for (int i = 0; i < values.length; i++) {
        values[i] = kind == 1 ? i % 2 : (float) random.nextGaussian();
      }
      asked.query.tables(values, shape.groups());
      asked.query.value((float) random.nextGaussian(), (float) random.nextGaussian());
      asked.query.weight((float) random.nextDouble());
      return asked;
    }

    /** Numbers of planes that loops look at. */
    List<Integer> scans() {
      return shape.planes() == 1 ? List.of(1) : List.of(1, shape.planes());
    }

    void set(int row, int plane, int group, int code) {
      codes[row][plane][group] = code;
      blocks.set(row, plane, group, code);
    }

    long sum(int row, int planes) {
      long sum = 0;
      for (int plane = 0; plane < planes; plane++) {
        for (int g = 0; g < shape.groups(); g++) {
          sum += (long) query.entry(g, codes[row][plane][g]) << (planes - 1 - plane);
        }
      }
      return sum;
    }

    float bound(int row, int planes) {
      float scaled = query.scale() * (float) sum(row, planes);
      float value = scaled + query.shift();
      if (shape.terms() == 0) {
        return value;
      }
      float base = blocks.term(row, planes, Term.BASE);
      if (shape.terms() == 1) {
        return base + value;
      }
      float sloped = blocks.term(row, planes, Term.SLOPE) * value;
      float bar = query.weight() * blocks.term(row, planes, Term.ERROR);
      float estimate = base + sloped;
      return estimate - bar;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "4, 4, 1",
    "4, 8, 2",
    "4, 12, 8",
    "4, 96, 1",
    "4, 96, 4",
    "4, 252, 1",
    "4, 256, 1",
    "4, 260, 3",
    "4, 1028, 1",
    "8, 1, 1",
    "8, 2, 1",
    "8, 3, 1",
    "8, 48, 1",
    "8, 300, 1"
  })
  void sums_anyShape_areTheDefinition(int bits, int groups, int planes, SplittableRandom random) {
    for (int terms : new int[] {0, 1, 3}) {
      var shape = new Shape(bits, groups, planes, terms);
      int rows = 1 + random.nextInt(150);
      var asked = Asked.random(random, shape, rows);
      int first = random.nextInt((int) asked.blocks.count());
      int count = (int) asked.blocks.count() - first;
      for (int scanned : asked.scans()) {
        var sums = Arena.ofAuto().allocate(4L * ROWS * count + 4, 4);
        sums.set(Panels.INT, 4L * ROWS * count, 42);
        kernel().sums(asked.blocks, first, count, scanned, asked.query, sums);
        for (int r = 0; r < rows - ROWS * first; r++) {
          assertThat((long) sums.get(Panels.INT, 4L * r))
              .as("row %d of %d, %s, %d scanned", ROWS * first + r, rows, shape, scanned)
              .isEqualTo(asked.sum(ROWS * first + r, scanned));
        }
        assertThat(sums.get(Panels.INT, 4L * ROWS * count)).isEqualTo(42);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"4, 4, 1", "4, 12, 8", "4, 96, 1", "4, 260, 3", "8, 1, 1", "8, 48, 1"})
  void scan_anyShape_keepsTheRowsOfTheDefinitionToTheBit(
      int bits, int groups, int planes, SplittableRandom random) {
    for (int round = 0; round < 5 * Seeded.effort(); round++) {
      for (int terms : new int[] {0, 1, 3}) {
        int rows = 1 + random.nextInt(150);
        var asked = Asked.random(random, new Shape(bits, groups, planes, terms), rows);
        int first = random.nextInt((int) asked.blocks.count());
        for (int scanned : asked.scans()) {
          int left = random.nextInt(rows - ROWS * first + 1);
          asked.query.threshold(
              switch (random.nextInt(5)) {
                case 0 -> Float.POSITIVE_INFINITY;
                case 1 -> Float.NEGATIVE_INFINITY;
                case 2 -> Float.NaN;
                default -> asked.bound(random.nextInt(rows), scanned);
              });
          assertKept(asked, first, left, scanned, MemorySegment.NULL);
          var allowed = Arena.ofAuto().allocate(4 * asked.blocks.count(), 4);
          for (int b = 0; b < asked.blocks.count(); b++) {
            allowed.set(Panels.INT, 4L * b, random.nextInt(4) == 0 ? 0 : random.nextInt());
          }
          assertKept(asked, first, left, scanned, allowed);
        }
      }
    }
  }

  private void assertKept(Asked asked, int first, int rows, int scanned, MemorySegment allowed) {
    var hits = new BlockHits(rows);
    int kept = kernel().scan(asked.blocks, first, rows, scanned, asked.query, allowed, hits);
    var expected = new ArrayList<String>();
    for (int r = 0; r < rows; r++) {
      int row = ROWS * first + r;
      float bound = asked.bound(row, scanned);
      boolean passes =
          allowed.byteSize() == 0
              || (allowed.get(Panels.INT, row / ROWS * 4L) >> row % ROWS & 1) == 1;
      if (passes && !(bound > asked.query.threshold())) {
        expected.add(r + " " + Float.floatToIntBits(bound));
      }
    }
    var found = new ArrayList<String>();
    for (int i = 0; i < kept; i++) {
      found.add(hits.row(i) + " " + Float.floatToIntBits(hits.bound(i)));
    }
    assertThat(found)
        .as("%s, %d scanned, from %d", asked.shape, scanned, first)
        .isEqualTo(expected);
  }

  /** The largest sums that there are fit 32 bits, and sums of a chunk fit 16. */
  @ParameterizedTest
  @CsvSource({"4, 32768, 8", "4, 512, 1", "8, 32768, 1"})
  void sums_largestEntriesAndCodes_doNotOverflow(int bits, int groups, int planes) {
    var asked = new Asked(new Shape(bits, groups, planes, 0), 2);
    var values = new float[groups * asked.shape.entries()];
    for (int g = 0; g < groups; g++) {
      values[(g + 1) * asked.shape.entries() - 1] = 1;
      for (int plane = 0; plane < planes; plane++) {
        asked.set(1, plane, g, asked.shape.entries() - 1);
      }
    }
    asked.query.tables(values, groups);
    var sums = Arena.ofAuto().allocate(4L * ROWS, 4);
    kernel().sums(asked.blocks, 0, 1, planes, asked.query, sums);
    long most = (bits == 4 ? 255L : 65_535L) * groups * ((1 << planes) - 1);
    assertThat(asked.sum(1, planes)).isEqualTo(most);
    assertThat(sums.get(Panels.INT, 0)).isZero();
    assertThat((long) sums.get(Panels.INT, 4)).isEqualTo(most);
  }

  @Test
  void scan_wrongShapes_areRefused() {
    var asked = new Asked(new Shape(4, 8, 3, 1), 40);
    var hits = new BlockHits(40);
    var none = MemorySegment.NULL;
    var other = new TableQuery(new Shape(4, 12, 3, 1));
    assertThatThrownBy(() -> kernel().scan(asked.blocks, 0, 40, 1, other, none, hits))
        .hasMessage("tables for 12 groups of 4 bits do not fit blocks of 8 groups of 4 bits");
    assertThatThrownBy(() -> kernel().scan(asked.blocks, 0, 40, 2, asked.query, none, hits))
        .hasMessage("loops look at one plane or at all: scanned=2, planes=3");
    assertThatThrownBy(() -> kernel().scan(asked.blocks, 1, 40, 1, asked.query, none, hits))
        .isInstanceOf(IndexOutOfBoundsException.class);
    var few = new BlockHits(39);
    assertThatThrownBy(() -> kernel().scan(asked.blocks, 0, 40, 1, asked.query, none, few))
        .isInstanceOf(IndexOutOfBoundsException.class);
    var filter = Arena.ofAuto().allocate(4, 4);
    assertThatThrownBy(() -> kernel().scan(asked.blocks, 0, 40, 1, asked.query, filter, hits))
        .hasMessage("filters of 2 blocks need 8 bytes off-heap: found 4");
    var sums = Arena.ofAuto().allocate(4L * ROWS * 2 - 4, 4);
    assertThatThrownBy(() -> kernel().sums(asked.blocks, 0, 2, 1, asked.query, sums))
        .hasMessage("sums of 2 blocks need 256 bytes off-heap");
    assertThat(kernel().scan(asked.blocks, 2, 0, 1, asked.query, none, hits)).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 5, 16})
  void shape_thatIsNone_isRefused(int bits) {
    assertThatThrownBy(() -> new Shape(bits, 4, 1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("bits=%d, groups=4, planes=1, terms=0", bits);
    assertThatThrownBy(() -> new Shape(4, 5, 1, 0)).hasMessageContaining("groups=5");
    assertThatThrownBy(() -> new Shape(8, 4, 2, 0)).hasMessageContaining("planes=2");
    assertThatThrownBy(() -> new Shape(4, 4, 1, 2)).hasMessageContaining("terms=2");
  }

  @Test
  void name_forReports_isNotEmpty() {
    assertThat(kernel().name()).isNotBlank();
  }
}
