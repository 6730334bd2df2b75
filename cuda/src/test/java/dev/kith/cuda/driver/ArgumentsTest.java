package dev.kith.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class ArgumentsTest {

  @SuppressWarnings("restricted")
  private static MemorySegment value(Arguments arguments, int position, long bytes) {
    long address = arguments.pointers().getAtIndex(JAVA_LONG, position);
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  @Test
  void add_everyType_isFoundThroughItsPointer() {
    var struct = MemorySegment.ofArray(new byte[] {1, 2, 3});
    var arguments =
        new Arguments()
            .addInt(-7)
            .addPointer(0x123456789ABCL)
            .addFloat(1.5f)
            .addBytes(struct)
            .addLong(Long.MIN_VALUE)
            .addDouble(-2.5);
    assertThat(arguments.count()).isEqualTo(6);
    assertThat(arguments.address()).isEqualTo(arguments.pointers().address());
    assertThat(value(arguments, 0, 4).get(JAVA_INT, 0)).isEqualTo(-7);
    assertThat(value(arguments, 1, 8).get(JAVA_LONG, 0)).isEqualTo(0x123456789ABCL);
    assertThat(value(arguments, 2, 4).get(JAVA_FLOAT, 0)).isEqualTo(1.5f);
    assertThat(value(arguments, 3, 3).mismatch(struct)).isEqualTo(-1);
    assertThat(value(arguments, 3, 3).address() % 64).isZero();
    assertThat(value(arguments, 4, 8).get(JAVA_LONG, 0)).isEqualTo(Long.MIN_VALUE);
    assertThat(value(arguments, 5, 8).get(JAVA_DOUBLE, 0)).isEqualTo(-2.5);
  }

  @Test
  void set_everyType_replacesThatValueAlone() {
    var arguments =
        new Arguments()
            .addPointer(1)
            .addInt(2)
            .addLong(3)
            .addFloat(4)
            .addDouble(5)
            .addBytes(MemorySegment.ofArray(new byte[] {6}));
    arguments
        .setPointer(0, -1)
        .setInt(1, -2)
        .setLong(2, -3)
        .setFloat(3, -4)
        .setDouble(4, -5)
        .setBytes(5, MemorySegment.ofArray(new byte[] {-6}));
    assertThat(value(arguments, 0, 8).get(JAVA_LONG, 0)).isEqualTo(-1);
    assertThat(value(arguments, 1, 4).get(JAVA_INT, 0)).isEqualTo(-2);
    assertThat(value(arguments, 2, 8).get(JAVA_LONG, 0)).isEqualTo(-3);
    assertThat(value(arguments, 3, 4).get(JAVA_FLOAT, 0)).isEqualTo(-4);
    assertThat(value(arguments, 4, 8).get(JAVA_DOUBLE, 0)).isEqualTo(-5);
    assertThat(value(arguments, 5, 1).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE))
        .containsExactly(-6);
  }

  @Test
  void set_otherTypePlaceOrSize_isRefused() {
    var arguments = new Arguments().addInt(1).addBytes(MemorySegment.ofArray(new byte[] {1, 2}));
    assertThatThrownBy(() -> arguments.setLong(0, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("argument 0 is an int, not a long");
    assertThatThrownBy(() -> arguments.setInt(2, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no argument 2 of 2");
    assertThatThrownBy(() -> arguments.setBytes(1, MemorySegment.ofArray(new byte[3])))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("argument 1 has 2 bytes, not 3");
  }

  @Test
  void add_moreThanAKernelTakes_isRefused() {
    var many = new Arguments();
    for (int i = 0; i < Arguments.MAX_COUNT; i++) {
      many.addInt(i);
    }
    assertThatThrownBy(() -> many.addInt(0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "a kernel takes at most 128 parameters of 4096 bytes: count=128, bytes=1024 and 8"
                + " more");
    var large = new Arguments().addInt(0);
    assertThatThrownBy(() -> large.addBytes(MemorySegment.ofArray(new byte[4033])))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "a kernel takes at most 128 parameters of 4096 bytes: count=1, bytes=8 and 4033 more");
    large.addBytes(MemorySegment.ofArray(new byte[4032]));
  }
}
