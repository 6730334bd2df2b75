package dev.kith.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.failure.Reaction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CudaExceptionTest {
  private static CudaException of(int code) {
    return new CudaException("cuCall", code, "CUDA_ERROR_X", "text");
  }

  @ParameterizedTest
  @CsvSource({
    "1, false, false, false", // invalid value
    "2, true, false, false", // out of memory
    "200, false, false, true", // invalid image
    "201, false, false, false", // invalid context
    "209, false, false, true", // no binary
    "214, false, true, false", // ECC
    "218, false, false, true", // invalid PTX
    "222, false, false, true", // unsupported PTX version
    "400, false, false, false", // invalid handle
    "600, false, false, false", // not ready
    "700, false, true, false", // illegal address
    "701, false, false, false", // launch out of resources
    "702, false, true, false", // launch timeout
    "710, false, true, false", // assert
    "716, false, true, false", // misaligned address
    "719, false, true, false", // launch failed
    "999, false, true, false" // unknown
  })
  void kind_ofEveryResult_isOneReaction(int code, boolean memory, boolean lost, boolean image) {
    var e = of(code);
    assertThat(e.isOutOfMemory()).isEqualTo(memory);
    assertThat(e.isContextLost()).isEqualTo(lost);
    assertThat(e.isNoBinaryForGpu()).isEqualTo(image);
    assertThat(e.reaction()).isEqualTo(memory ? Reaction.RETRY : Reaction.CONFIGURE);
  }

  @Test
  void of_aDetail_keepsTheRest() {
    var plain = of(7);
    assertThat(plain).hasMessage("cuCall failed: text (CUDA_ERROR_X)");
    var detailed = plain.of("of 3 bytes");
    assertThat(detailed).hasMessage("cuCall of 3 bytes failed: text (CUDA_ERROR_X)");
    assertThat(detailed.call()).isEqualTo("cuCall");
    assertThat(detailed.code()).isEqualTo(7);
    assertThat(detailed.name()).isEqualTo("CUDA_ERROR_X");
    assertThat(detailed.text()).isEqualTo("text");
    assertThat(detailed.getStackTrace()).isEqualTo(plain.getStackTrace());
  }
}
