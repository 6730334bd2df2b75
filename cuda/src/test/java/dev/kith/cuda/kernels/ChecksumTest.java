package dev.kith.cuda.kernels;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class ChecksumTest {
  /** What both sides must give for {@link #vector}; from the formula, by another program. */
  static final long OF_VECTOR = 0x30FF9336181B45D2L;

  /** 1,000 words: word i is i * 2654435761 mod 2^32, the last one 0. */
  static int[] vector() {
    int[] words = new int[1000];
    for (int i = 0; i < words.length - 1; i++) {
      words[i] = (int) (i * 2654435761L);
    }
    return words;
  }

  private static long of(int... words) {
    return Checksum.of(MemorySegment.ofArray(words));
  }

  @Test
  void of_testVector_isWhatTheFormulaGives() {
    assertThat(of(vector())).isEqualTo(OF_VECTOR);
    assertThat(of()).isZero();
  }

  @Test
  void of_anyWords_isTheDefinition(SplittableRandom random) {
    int[] words = random.ints(random.nextInt(50)).toArray();
    var sum = BigInteger.ZERO;
    for (int i = 0; i < words.length; i++) {
      var t =
          BigInteger.valueOf(i)
              .multiply(new BigInteger("9E3779B97F4A7C15", 16))
              .add(
                  BigInteger.valueOf(Integer.toUnsignedLong(words[i]))
                      .multiply(new BigInteger("BF58476D1CE4E5B9", 16)))
              .mod(BigInteger.ONE.shiftLeft(64));
      sum = sum.add(t.xor(t.shiftRight(32)));
    }
    assertThat(of(words)).isEqualTo(sum.longValue());
  }

  @Test
  void of_changedWords_changes(SplittableRandom random) {
    int[] words = random.ints(100).toArray();
    long whole = of(words);
    int i = random.nextInt(99);

    int[] changed = words.clone();
    changed[i] ^= 1 << random.nextInt(32);
    assertThat(of(changed)).as("one bit").isNotEqualTo(whole);

    int[] swapped = words.clone();
    swapped[i] = words[i + 1];
    swapped[i + 1] = words[i];
    assertThat(of(swapped) == whole).as("swap").isEqualTo(words[i] == words[i + 1]);

    int[] shifted = new int[101];
    System.arraycopy(words, 0, shifted, 1, 100);
    assertThat(of(shifted)).as("shift").isNotEqualTo(whole);

    int[] longer = Arrays.copyOf(words, 101);
    assertThat(of(longer)).as("a zero more").isNotEqualTo(whole);
  }

  @Test
  void of_partOfAWord_isRefused() {
    assertThatThrownBy(() -> Checksum.of(MemorySegment.ofArray(new byte[6])))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a checksum is of whole words of 4 bytes: bytes=6");
    assertThat(Checksum.of(MemorySegment.ofArray(new int[] {1, 2}).asSlice(JAVA_INT.byteSize())))
        .isEqualTo(of(2));
  }
}
