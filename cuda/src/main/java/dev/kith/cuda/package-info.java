/**
 * Searches on NVIDIA GPUs. {@code driver} binds the CUDA driver, {@code kernels} finds machine code
 * for a device; the sources are under {@code src/main/cuda}.
 */
@NullMarked
package dev.kith.cuda;

import org.jspecify.annotations.NullMarked;
