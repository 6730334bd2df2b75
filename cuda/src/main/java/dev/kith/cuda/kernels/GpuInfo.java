package dev.kith.cuda.kernels;

import dev.kith.cuda.driver.Device;

/**
 * What a user is told of a GPU that can serve.
 *
 * @param device the GPU
 * @param kernels where their code is from, {@link LoadedKernels#origin}
 */
public record GpuInfo(Device device, String kernels) {

  /**
   * One line: {@code NVIDIA H200 (compute 9.0, 132 SMs, 140 GiB), driver 13.0, kernels: cubin
   * sm_90}.
   */
  public String text() {
    return "%s (compute %d.%d, %d SMs, %d GiB), driver %d.%d, kernels: %s"
        .formatted(
            device.name(),
            device.major(),
            device.minor(),
            device.multiprocessors(),
            Math.round(device.totalBytes() / (double) (1L << 30)),
            device.driverVersion() / 1000,
            device.driverVersion() % 1000 / 10,
            kernels);
  }
}
