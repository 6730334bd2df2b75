package dev.kith.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CudaBackendTest {
  @Test
  void device_isAGpu_withOrWithoutOne() {
    var backend = new CudaBackend();
    assertThat(backend.name()).isEqualTo("cuda");
    assertThat(backend.device()).isEqualTo("gpu");
    assertThat(backend.probe().reason()).isNotBlank();
  }
}
