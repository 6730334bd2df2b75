/**
 * The device's memory: who holds how much of it ({@link dev.kith.cuda.memory.DeviceLedger}), and
 * how rows get there ({@link dev.kith.cuda.memory.GpuBufferLoader}). Both are safe for many
 * threads.
 */
@NullMarked
package dev.kith.cuda.memory;

import org.jspecify.annotations.NullMarked;
