package dev.kith.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kith.cuda.driver.CudaUnavailableException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GpuOptionsTest {
  private static final long FREE = 80L << 30;

  @Test
  void budget_everyForm_isBytes() throws Exception {
    assertThat(Gpus.budget(null, FREE)).isEqualTo(FREE / 100 * 80);
    assertThat(Gpus.budget("60%", FREE)).isEqualTo(FREE / 100 * 60);
    assertThat(Gpus.budget("100%", FREE)).isEqualTo(FREE / 100 * 100);
    assertThat(Gpus.budget("8g", FREE)).isEqualTo(8L << 30);
    assertThat(Gpus.budget("500m", FREE)).isEqualTo(500L << 20);
    assertThat(Gpus.budget("7k", FREE)).isEqualTo(7L << 10);
    assertThat(Gpus.budget("2t", FREE)).isEqualTo(2L << 40);
    assertThat(Gpus.budget("12345", FREE)).isEqualTo(12_345);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "0%",
        "101%",
        "-1g",
        "8G",
        "8 g",
        "1.5g",
        "g",
        "8388608t",
        "999999999999g"
      })
  void budget_otherText_isRefusedWithExamples(String text) {
    assertThatThrownBy(() -> Gpus.budget(text, FREE))
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessage(
            "-Dkith.cuda.budget must be bytes of device memory, such as 8g, 500m or 60%: found "
                + text);
  }

  @Test
  void budget_nothingFree_saysSo() {
    assertThatThrownBy(() -> Gpus.budget(null, 99))
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessage("the device has no memory left: free=99 bytes; others use it");
  }

  @Test
  void device_number_isOneOfThem() throws Exception {
    assertThat(Gpus.device(null, 1)).isZero();
    assertThat(Gpus.device("1", 2)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "2", "-1", "first", "0x1", "99999999999"})
  void device_otherText_isRefused(String text) {
    assertThatThrownBy(() -> Gpus.device(text, 2))
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessage("-Dkith.cuda.device=%s names no device: there are 2, from 0".formatted(text));
  }
}
