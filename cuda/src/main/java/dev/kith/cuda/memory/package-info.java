/**
 * The device's memory: its holders and their shares ({@link dev.kith.cuda.memory.DeviceLedger}),
 * and how rows get there ({@link dev.kith.cuda.memory.GpuBufferLoader}). Both are safe for many
 * threads.
 */
@NullMarked
package dev.kith.cuda.memory;

import org.jspecify.annotations.NullMarked;
