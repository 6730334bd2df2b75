package dev.kith.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TensorMapTest {
  private final FakeCuda fake = FakeCuda.fresh();

  @Test
  void ofBytes_passesTheInnermostDimensionFirst() throws Exception {
    try (var context = fake.open()) {
      var map =
          TensorMap.ofBytes(context, 0x7000, 1000, 384, 512, 64, 128, TensorMap.Swizzle.BYTES_128);
      assertThat(map.segment().byteSize()).isEqualTo(128);
      assertThat(map.segment().address() % 64).isZero();
      assertThat(map.segment().get(JAVA_BYTE, 127))
          .as("written by the driver")
          .isEqualTo((byte) 0x5A);
      var passed = fake.tensor();
      assertThat(passed.asSlice(0, 40).toArray(JAVA_LONG))
          .as("map, address, rows, row bytes, stride")
          .containsExactly(map.segment().address(), 0x7000, 1000, 384, 512);
      assertThat(passed.asSlice(40, 40).toArray(JAVA_INT))
          .as("box rows, box bytes, type, rank, steps, interleave, swizzle, promotion, fill")
          .containsExactly(64, 128, 0, 2, 1, 1, 0, 3, 3, 0);
    }
  }

  @Test
  void ofBytes_refused_saysTheNumbers() throws Exception {
    try (var context = fake.set("cuTensorMapEncodeTiled", 1).open()) {
      assertThatThrownBy(
              () ->
                  TensorMap.ofBytes(
                      context, 0x7001, 1000, 384, 512, 64, 100, TensorMap.Swizzle.NONE))
          .isInstanceOf(CudaException.class)
          .hasMessage(
              "cuTensorMapEncodeTiled of 1000 rows of 384 bytes, stride 512, box 64 x 100, swizzle"
                  + " NONE at 0x7001 failed: invalid argument (CUDA_ERROR_INVALID_VALUE)");
    }
  }
}
