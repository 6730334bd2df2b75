/**
 * The CUDA driver (libcuda) through the JDK's foreign functions: devices, memory, streams, kernels.
 * Start at {@link dev.kith.cuda.driver.CudaDriver}. Nothing here knows vectors.
 *
 * <p>Every result of the driver is checked in one place and thrown as {@link
 * dev.kith.cuda.driver.CudaException}. Every method makes its own context current on the calling
 * thread, so any thread may use any object. Contexts, libraries and kernels are safe for many
 * threads; a stream, its graphs and its arguments belong to one thread at a time. What closes may
 * be closed twice; used after that it throws {@link IllegalStateException}. A context closes what
 * is still open in it.
 */
@NullMarked
package dev.kith.cuda.driver;

import org.jspecify.annotations.NullMarked;
