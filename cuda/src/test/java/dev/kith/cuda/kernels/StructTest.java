package dev.kith.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import org.junit.jupiter.api.Test;

class StructTest {
  private static final Struct MIXED =
      Struct.named("Mixed")
          .ints("first")
          .pointers("second")
          .floats("third")
          .doubles("fourth")
          .ints("fifth")
          .build();

  @Test
  void offset_everyKind_isAtAMultipleOfItsSizeAndTheEndIsFilledUp() {
    assertThat(MIXED.offset("first")).isZero();
    assertThat(MIXED.offset("second")).isEqualTo(8);
    assertThat(MIXED.offset("third")).isEqualTo(16);
    assertThat(MIXED.offset("fourth")).isEqualTo(24);
    assertThat(MIXED.offset("fifth")).isEqualTo(32);
    assertThat(MIXED.bytes()).isEqualTo(40);
  }

  @Test
  void value_setByName_liesWhereTheFieldIs() {
    var value = MIXED.value().setInt("fifth", -7).setPointer("second", 1L << 40);
    value.setDouble("fourth", 0.1);
    var bytes = value.segment();
    assertThat(bytes.byteSize()).isEqualTo(40);
    assertThat(bytes.get(ValueLayout.JAVA_INT, 32)).isEqualTo(-7);
    assertThat(bytes.get(ValueLayout.JAVA_LONG, 8)).isEqualTo(1L << 40);
    assertThat(bytes.get(ValueLayout.JAVA_DOUBLE, 24)).isEqualTo(0.1);
    assertThat(bytes.get(ValueLayout.JAVA_INT, 0)).as("what was not set").isZero();
    assertThat(value.getInt("fifth")).isEqualTo(-7);
    assertThat(value.getDouble("fourth")).isEqualTo(0.1);
  }

  @Test
  void at_secondOfAnArray_isReadInPlace() {
    var memory = Arena.ofAuto().allocate(2L * MIXED.bytes(), 8);
    memory.set(ValueLayout.JAVA_FLOAT, MIXED.bytes() + 16L, 2.5f);
    assertThat(MIXED.at(memory, MIXED.bytes()).getFloat("third")).isEqualTo(2.5f);
    assertThat(MIXED.at(memory, 0).getFloat("third")).isZero();
  }

  @Test
  void field_unknownOrOfAnotherKindOrTwice_isRefused() {
    var value = MIXED.value();
    assertThatThrownBy(() -> value.setInt("sixth", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("struct Mixed has no field sixth; it has first, second, third, fourth, fifth");
    assertThatThrownBy(() -> value.setInt("second", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("field second of struct Mixed is POINTER, not INT");
    var builder = Struct.named("Twice").ints("same");
    assertThatThrownBy(() -> builder.floats("same"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a field must be declared once: struct=Twice, field=same");
  }

  /** Reports tell fields apart by their hashes alone. */
  @Test
  void nameHash_ofAllStructsAndFields_isUniqueAndFnv() {
    assertThat(Structs.nameHash("")).isEqualTo(0x811c9dc5);
    assertThat(Structs.nameHash("a")).isEqualTo(0xe40c292c);
    assertThat(Structs.nameHash("foobar")).isEqualTo(0xbf9cf968);
    var hashes = new HashSet<Integer>();
    for (var struct : Structs.ALL) {
      assertThat(hashes.add(Structs.nameHash(struct.name()))).isTrue();
      for (var field : struct.fields()) {
        assertThat(hashes.add(Structs.nameHash(struct.name() + "." + field.name()))).isTrue();
      }
    }
  }
}
