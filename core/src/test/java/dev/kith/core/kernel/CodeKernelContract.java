package dev.kith.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.testing.Seeded;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract of every {@link CodeKernel}. */
@ExtendWith(Seeded.class)
public abstract class CodeKernelContract {
  private static final int MOST_PICKS = 130;
  private static final int LONGEST = 65_536;
  private static final float UNTOUCHED = 42;

  /** Kernel under test. */
  protected abstract CodeKernel kernel();

  /** Rows of codes as their documentation lays them out, one code at a time, and a query. */
  private static final class Asked {
    final int bits;
    final int width;
    final long stride;
    final int[][] rows;
    final float[] terms;
    final CodeQuery query;
    final Picks picks = new Picks(MOST_PICKS);

    Asked(int bits, int width, long gap, int rows) {
      this.bits = bits;
      this.width = width;
      this.stride = (long) width * bits / 8 + gap;
      this.rows = new int[rows][width];
      this.terms = new float[rows];
      this.query = new CodeQuery(width);
      Arrays.fill(picks.estimates(), UNTOUCHED);
    }

    static Asked random(SplittableRandom random, int bits, int width) {
      var asked = new Asked(bits, width, 64L * random.nextInt(3), 1 + random.nextInt(90));
      int most = (1 << bits) - 1;
      for (var row : asked.rows) {
        switch (random.nextInt(5)) {
          case 0 -> Arrays.fill(row, most);
          case 1 -> Arrays.setAll(row, _ -> most * random.nextInt(2));
          default -> Arrays.setAll(row, _ -> random.nextInt(most + 1));
        }
      }
      byte[] codes = asked.query.codes();
      int kind = random.nextInt(6);
      for (int j = 0; j < width; j++) {
        codes[j] =
            switch (kind) {
              case 0 -> 127;
              case 1 -> -127;
              case 2 -> -128;
              case 3 -> (byte) (random.nextBoolean() ? 127 : -128);
              default -> (byte) random.nextInt(-128, 128);
            };
      }
      asked.query.scale((float) random.nextGaussian());
      for (int r = 0; r < asked.terms.length; r++) {
        asked.terms[r] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(-2, 7)));
      }
      Arrays.setAll(asked.picks.rows(), _ -> random.nextInt(asked.rows.length));
      return asked;
    }

    /** Nothing lies behind the last row, so that a read past it would throw. */
    MemorySegment codes(Arena arena) {
      var codes = arena.allocate((rows.length - 1) * stride + (long) width * bits / 8, 64);
      for (int r = 0; r < rows.length; r++) {
        for (int j = 0; j < width; j++) {
          // Two blocks of 64 elements share 64 bytes in 4 bits.
          long at = r * stride + (bits == 8 ? j : j / 128 * 64 + j % 64);
          int shift = bits == 4 && j % 128 >= 64 ? 4 : 0;
          int byteThere = codes.get(ValueLayout.JAVA_BYTE, at);
          codes.set(ValueLayout.JAVA_BYTE, at, (byte) (byteThere | rows[r][j] << shift));
        }
      }
      return codes;
    }

    MemorySegment terms(Arena arena) {
      var segment = arena.allocate(4L * terms.length, 4);
      for (int r = 0; r < terms.length; r++) {
        segment.set(Panels.FLOAT, 4L * r, terms[r]);
      }
      return segment;
    }

    float expected(int i) {
      int row = picks.rows()[i];
      long product = 0;
      for (int j = 0; j < width; j++) {
        product += (long) query.codes()[j] * rows[row][j];
      }
      float scaled = query.scale() * (float) product;
      return terms[row] - scaled;
    }

    void assertEstimated(int count) {
      for (int i = 0; i < MOST_PICKS; i++) {
        assertThat(Float.floatToRawIntBits(picks.estimates()[i]))
            .as("%d bits, width %d, pick %d of %d, row %d", bits, width, i, count, picks.rows()[i])
            .isEqualTo(Float.floatToRawIntBits(i < count ? expected(i) : UNTOUCHED));
      }
    }

    void assertNoneEstimated() {
      assertEstimated(0);
    }
  }

  private void estimate(Asked asked, MemorySegment codes, MemorySegment terms, int count) {
    if (asked.bits == 8) {
      kernel().estimate8(asked.query, codes, asked.stride, terms, asked.picks, count);
    } else {
      kernel().estimate4(asked.query, codes, asked.stride, terms, asked.picks, count);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 4})
  void estimate_anyWidthAndCodes_isTheDefinitionToTheBit(int bits, SplittableRandom random) {
    for (int width = 512 / bits; width <= 2048; width += 512 / bits) {
      for (int round = 0; round < 2 * Seeded.effort(); round++) {
        var asked = Asked.random(random, bits, width);
        int count = random.nextInt(MOST_PICKS + 1);
        try (var arena = Arena.ofConfined()) {
          estimate(asked, asked.codes(arena), asked.terms(arena), count);
        }
        asked.assertEstimated(count);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 4})
  void estimate_anyCount_writesThatMany(int bits, SplittableRandom random) {
    for (int count = 0; count <= MOST_PICKS; count++) {
      var asked = Asked.random(random, bits, 512 / bits);
      try (var arena = Arena.ofConfined()) {
        estimate(asked, asked.codes(arena), asked.terms(arena), count);
      }
      asked.assertEstimated(count);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 4})
  void estimate_longestRowsOfTheLargestCodes_doNotOverflow(int bits) {
    for (int code : new int[] {-128, -127, 127}) {
      var asked = new Asked(bits, LONGEST, 0, 3);
      Arrays.fill(asked.rows[0], (1 << bits) - 1);
      Arrays.fill(asked.rows[2], 1);
      Arrays.fill(asked.query.codes(), (byte) code);
      asked.query.scale(1);
      asked.picks.rows()[1] = 1;
      asked.picks.rows()[2] = 2;
      try (var arena = Arena.ofConfined()) {
        estimate(asked, asked.codes(arena), asked.terms(arena), 3);
      }
      asked.assertEstimated(3);
      long largest = (long) LONGEST * code * ((1 << bits) - 1);
      assertThat(asked.picks.estimates()[0]).isEqualTo(-(float) largest);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 4})
  void estimate_pickThatIsNoRow_isRefusedAndNothingWritten(int bits, SplittableRandom random) {
    for (int count = 1; count <= MOST_PICKS; count++) {
      var asked = Asked.random(random, bits, 512 / bits);
      int n = asked.rows.length;
      int[] wrong = {n, -1, Integer.MAX_VALUE, Integer.MIN_VALUE};
      int at = random.nextInt(count);
      asked.picks.rows()[at] = wrong[random.nextInt(wrong.length)];
      int picks = count;
      try (var arena = Arena.ofConfined()) {
        var codes = asked.codes(arena);
        var terms = asked.terms(arena);
        assertThatThrownBy(() -> estimate(asked, codes, terms, picks))
            .isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessage(
                "pick %d is row %d, of %d rows; picks are row numbers, counted from 0"
                    .formatted(at, asked.picks.rows()[at], n));
        asked.assertNoneEstimated();
        // Those behind the last are not looked at.
        asked.picks.rows()[at] = n - 1;
        Arrays.fill(asked.picks.rows(), count, MOST_PICKS, n);
        estimate(asked, codes, terms, count);
        asked.assertEstimated(count);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 4})
  void estimate_wrongShapes_areRefused(int bits, SplittableRandom random) {
    var asked = Asked.random(random, bits, 1024);
    int bytes = 128 * bits;
    int n = asked.rows.length;
    try (var arena = Arena.ofConfined()) {
      var codes = asked.codes(arena);
      var terms = asked.terms(arena);
      var shorter = codes.asSlice(0, codes.byteSize() - 1);
      assertThatThrownBy(() -> estimate(asked, shorter, terms, 1))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessage(
              "%d rows have terms, but the codes are %d bytes; rows of %d bytes, %d apart, need more"
                  .formatted(n, codes.byteSize() - 1, bytes, asked.stride));
      assertThatThrownBy(() -> estimate(asked, codes, terms, MOST_PICKS + 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> estimate(asked, codes, terms, -1))
          .isInstanceOf(IndexOutOfBoundsException.class);
      for (int width : new int[] {1024 - 32, LONGEST + 128}) {
        var wrong = new Asked(bits, width, 0, 1);
        assertThatThrownBy(() -> estimate(wrong, codes, terms, 1))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage(
                ("a query of %d codes against rows of %d bits a code, %d bytes apart; the query"
                        + " must be filled up to a multiple of %d codes, at most 65536, and rows"
                        + " must be at least as far apart as they are long")
                    .formatted(width, bits, wrong.stride, 512 / bits));
      }
      var overlapping = new Asked(bits, 1024, -64, 1);
      assertThatThrownBy(() -> estimate(overlapping, codes, terms, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("%d bytes apart", bytes - 64);
      asked.assertNoneEstimated();
      estimate(asked, MemorySegment.NULL, MemorySegment.NULL, 0);
      assertThatThrownBy(() -> estimate(asked, MemorySegment.NULL, MemorySegment.NULL, 1))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("of 0 rows");
    }
  }

  @Test
  void name_forReports_isNotEmpty() {
    assertThat(kernel().name()).isNotBlank();
  }
}
