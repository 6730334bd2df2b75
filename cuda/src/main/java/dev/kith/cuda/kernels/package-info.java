/**
 * Machine code for the device at hand: from the jar, or compiled from the jar's sources. {@link
 * dev.kith.cuda.kernels.KernelImages} finds that of a {@link dev.kith.cuda.kernels.KernelSet}; what
 * kernels share with Java, beside numbers and addresses, is declared in {@link
 * dev.kith.cuda.kernels.Structs} and compared with each image. {@link
 * dev.kith.cuda.kernels.KernelImages} is safe for many threads.
 */
@NullMarked
package dev.kith.cuda.kernels;

import org.jspecify.annotations.NullMarked;
