package dev.kith.core.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.core.testing.Seeded;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Seeded.class)
class WholeGzipTest {
  /** Sizes with which members end at the end of the buffer, before it and after it. */
  private static final int[] BUFFERS = {1, 2, 7, 8, 9, 20, 64, 1 << 16};

  private static byte[] packed(byte[]... members) throws IOException {
    var all = new ByteArrayOutputStream();
    for (byte[] member : members) {
      try (var gzip = new GZIPOutputStream(all)) {
        gzip.write(member);
      }
    }
    return all.toByteArray();
  }

  private static byte[] unpack(byte[] packed, int buffer) throws IOException {
    try (var in = new WholeGzip(new ByteArrayInputStream(packed), buffer)) {
      return in.readAllBytes();
    }
  }

  private static byte[] concat(byte[] first, byte[] second) {
    var both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  @Test
  void read_membersOfAnySize_areAllUnpacked(SplittableRandom random) throws IOException {
    for (int round = 0; round < 30 * Seeded.effort(); round++) {
      var first = new byte[random.nextInt(300)];
      var second = new byte[random.nextInt(300)];
      random.nextBytes(first);
      for (int buffer : BUFFERS) {
        assertThat(unpack(packed(first, second), buffer)).isEqualTo(concat(first, second));
      }
    }
    assertThat(unpack(packed(new byte[0]), 64)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 9, 10, 18, 100})
  void read_somethingElseAfterIt_saysSo(int length, SplittableRandom random) throws IOException {
    var other = new byte[length];
    random.nextBytes(other);
    other[0] = 0; // no gzip begins so
    var whole = concat(packed(new byte[] {1, 2, 3}, new byte[] {4}), other);
    for (int buffer : BUFFERS) {
      assertThatThrownBy(() -> unpack(whole, buffer))
          .isInstanceOf(ZipException.class)
          .hasMessage("what follows the packed data is no gzip");
    }
  }

  @Test
  void read_cutAnywhere_isNotTakenForTheWhole() throws IOException {
    var first = packed(new byte[] {1, 2, 3});
    var whole = concat(first, packed(new byte[] {4, 5}));
    for (int length = 0; length < whole.length; length++) {
      if (length == first.length) {
        continue; // a whole file
      }
      var cut = Arrays.copyOf(whole, length);
      for (int buffer : BUFFERS) {
        assertThatThrownBy(() -> unpack(cut, buffer))
            .isInstanceOfAny(EOFException.class, ZipException.class);
      }
    }
  }
}
