package dev.kith.nativekernels;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kith.core.kernel.Picks;
import dev.kith.core.testing.Seeded;
import dev.kith.core.testing.TestVectors;
import dev.kith.core.vector.ElementType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Loops over 16-bit floats of every instruction set that this machine can run, against Java's own.
 */
@ParameterizedClass
@MethodSource("all")
@ExtendWith(Seeded.class)
class NativeHalvesTest {
  private final NativeKernels kernels;

  NativeHalvesTest(NativeKernels kernels) {
    this.kernels = kernels;
  }

  static List<NativeKernels> all() {
    return Variants.all();
  }

  /** Rows end where the page ends, and so do query and products. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "BFLOAT16"})
  void dots_rowsAtTheEndOfAPage_areWithinTheRoundingBound(ElementType type, SplittableRandom random)
      throws Throwable {
    try (var memory = new GuardedMemory(1 << 16);
        var queryMemory = new GuardedMemory(1 << 13);
        var dotsMemory = new GuardedMemory(1 << 10)) {
      for (int d = 1; d < 140; d += d < 70 ? 1 : 7) {
        for (int count : new int[] {1, 2, 3, 4, 5, 9, 16, 33}) {
          long stride = 2L * (d + random.nextInt(3));
          var rows = memory.last((count - 1L) * stride + 2L * d);
          var query = queryMemory.last(4L * d);
          var dots = dotsMemory.last(4L * count);
          for (int i = 0; i < d; i++) {
            query.setAtIndex(JAVA_FLOAT_UNALIGNED, i, TestVectors.gaussian(random, 1)[0]);
            for (int r = 0; r < count; r++) {
              short bits = type.bitsOf(TestVectors.gaussian(random, 1)[0]);
              rows.set(JAVA_SHORT_UNALIGNED, r * stride + 2L * i, bits);
            }
          }
          dots.fill((byte) 0x7f);
          kernels.dots(type, query, rows, stride, count, d, dots);
          for (int r = 0; r < count; r++) {
            double exact = 0;
            double magnitude = 0;
            for (int i = 0; i < d; i++) {
              double product =
                  (double) query.getAtIndex(JAVA_FLOAT_UNALIGNED, i)
                      * type.valueOf(rows.get(JAVA_SHORT_UNALIGNED, r * stride + 2L * i));
              exact += product;
              magnitude += Math.abs(product);
            }
            double du = d * 0x1p-24;
            assertThat((double) dots.getAtIndex(JAVA_FLOAT_UNALIGNED, r))
                .as("d=%d count=%d row=%d", d, count, r)
                .isEqualTo(exact, within(du / (1 - du) * magnitude * (1 + 1e-9)));
          }
        }
      }
    }
  }

  /** Rows end where the page ends, and so do query, picks and products. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "BFLOAT16"})
  void dots_pickedRows_areTheProductsAmongAllRows(ElementType type, SplittableRandom random)
      throws Throwable {
    try (var memory = new GuardedMemory(1 << 16);
        var queryMemory = new GuardedMemory(1 << 13);
        var pickMemory = new GuardedMemory(1 << 10);
        var dotsMemory = new GuardedMemory(1 << 10)) {
      for (int d = 1; d < 300; d += d < 70 ? 1 : 7) {
        int n = 1 + random.nextInt(40);
        int count = random.nextInt(70);
        long stride = 2L * (d + random.nextInt(3));
        var rows = memory.last((n - 1L) * stride + 2L * d);
        var query = queryMemory.last(4L * d);
        var picked = pickMemory.last(4L * count);
        var dots = dotsMemory.last(4L * count);
        for (int i = 0; i < d; i++) {
          query.setAtIndex(JAVA_FLOAT_UNALIGNED, i, TestVectors.gaussian(random, 1)[0]);
          for (int r = 0; r < n; r++) {
            short bits = type.bitsOf(TestVectors.gaussian(random, 1)[0]);
            rows.set(JAVA_SHORT_UNALIGNED, r * stride + 2L * i, bits);
          }
        }
        for (int i = 0; i < count; i++) {
          picked.setAtIndex(JAVA_INT_UNALIGNED, i, random.nextInt(n));
        }
        kernels.dots(type, query, rows, stride, picked, count, d, dots);
        try (var arena = Arena.ofConfined()) {
          var all = arena.allocate(4L * n, 4);
          kernels.dots(type, query, rows, stride, n, d, all);
          for (int i = 0; i < count; i++) {
            int row = picked.getAtIndex(JAVA_INT_UNALIGNED, i);
            assertThat(dots.getAtIndex(JAVA_INT_UNALIGNED, i))
                .as("d=%d pick=%d row=%d", d, i, row)
                .isEqualTo(all.getAtIndex(JAVA_INT_UNALIGNED, row));
          }
        }
        if (count > 0) {
          int at = random.nextInt(count);
          int wrong = random.nextBoolean() ? n : -1;
          int elements = d;
          picked.setAtIndex(JAVA_INT_UNALIGNED, at, wrong);
          dots.fill((byte) 7);
          assertThatThrownBy(
                  () -> kernels.dots(type, query, rows, stride, picked, count, elements, dots))
              .isInstanceOf(IndexOutOfBoundsException.class)
              .hasMessage(
                  "pick %d is row %d, of %d rows; picks are row numbers, counted from 0"
                      .formatted(at, wrong, n));
          assertThat(dots.toArray(JAVA_BYTE)).containsOnly(7);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "BFLOAT16"})
  void widen_allValues_areJavas(ElementType type) throws Throwable {
    int n = 1 << 16;
    try (var from = new GuardedMemory(2L * n);
        var to = new GuardedMemory(4L * n)) {
      for (int i = 0; i < n; i++) {
        from.last(2L * n).set(JAVA_SHORT_UNALIGNED, 2L * i, (short) i);
      }
      kernels.widen(type, from.last(2L * n), n, to.last(4L * n));
      for (int i = 0; i < n; i++) {
        float value = to.last(4L * n).get(JAVA_FLOAT_UNALIGNED, 4L * i);
        float expected = type.valueOf((short) i);
        if (Float.isNaN(expected)) {
          assertThat(value).isNaN();
        } else {
          assertThat(Float.floatToRawIntBits(value)).isEqualTo(Float.floatToRawIntBits(expected));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "BFLOAT16"})
  void narrow_anyFloat_isJavas(ElementType type, SplittableRandom random) throws Throwable {
    int n = 4099;
    for (int round = 0; round < 20 * Seeded.effort(); round++) {
      try (var from = new GuardedMemory(4L * n);
          var to = new GuardedMemory(2L * n)) {
        var source = from.last(4L * n);
        var target = to.last(2L * n);
        for (int i = 0; i < n; i++) {
          int bits = random.nextInt();
          // Half of them on ties, and next to ties, of one type or the other.
          bits = random.nextBoolean() ? bits : (bits & 0xffffe000) + 0x1000 + random.nextInt(-1, 2);
          source.set(JAVA_FLOAT_UNALIGNED, 4L * i, Float.intBitsToFloat(bits));
        }
        kernels.narrow(type, source, n, target);
        for (int i = 0; i < n; i++) {
          float value = source.get(JAVA_FLOAT_UNALIGNED, 4L * i);
          short found = target.get(JAVA_SHORT_UNALIGNED, 2L * i);
          if (Float.isNaN(value)) {
            assertThat(type.valueOf(found)).isNaN();
          } else {
            assertThat(found).as("%s", value).isEqualTo(type.bitsOf(value));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "BFLOAT16"})
  void dots_picksAndProductsOnTheHeap_areTheSame(ElementType type, SplittableRandom random) {
    int d = 48;
    var picks = new Picks(9);
    try (var arena = Arena.ofConfined()) {
      var rows = arena.allocate(2L * d * 5, 64);
      for (int i = 0; i < 5 * d; i++) {
        short bits = type.bitsOf(TestVectors.gaussian(random, 1)[0]);
        rows.setAtIndex(JAVA_SHORT_UNALIGNED, i, bits);
      }
      var query = MemorySegment.ofArray(TestVectors.gaussian(random, d));
      Arrays.setAll(picks.rows(), _ -> random.nextInt(5));
      kernels.dots(type, query, rows, 2L * d, picks.rowSegment(), 9, d, picks.estimateSegment());
      for (int i = 0; i < 9; i++) {
        double exact = 0;
        for (int j = 0; j < d; j++) {
          exact +=
              (double) query.getAtIndex(JAVA_FLOAT_UNALIGNED, j)
                  * type.valueOf(rows.getAtIndex(JAVA_SHORT_UNALIGNED, picks.rows()[i] * d + j));
        }
        assertThat((double) picks.estimates()[i]).isEqualTo(exact, within(1e-4));
      }
      assertThatThrownBy(
              () ->
                  kernels.dots(
                      type, query, rows, 2L, picks.rowSegment(), 9, d, picks.estimateSegment()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("rows of 48 elements of 16 bits cannot lie 2 bytes apart");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "INT8", "UINT8"})
  void dots_otherType_isRefused(ElementType type) {
    try (var arena = Arena.ofConfined()) {
      var memory = arena.allocate(64, 8);
      assertThatThrownBy(() -> kernels.dots(type, memory, memory, 8, 1, 2, memory))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("not a 16-bit float: " + type);
      assertThatThrownBy(() -> kernels.dots(ElementType.FLOAT16, memory, memory, 8, 9, 2, memory))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }
}
