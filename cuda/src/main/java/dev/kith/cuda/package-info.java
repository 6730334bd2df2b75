/**
 * Searches on NVIDIA GPUs: the backend, and what storage tells it. {@code driver} binds the CUDA
 * driver, {@code kernels} finds machine code for a device, {@code device} opens the GPUs, {@code
 * store} keeps what they hold, {@code exact} searches it; the kernels' sources are under {@code
 * src/main/cuda}.
 */
@NullMarked
package dev.kith.cuda;

import org.jspecify.annotations.NullMarked;
