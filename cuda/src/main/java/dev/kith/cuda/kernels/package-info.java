/**
 * Machine code for the device at hand: from the jar, or compiled from the jar's sources. {@link
 * dev.kith.cuda.kernels.KernelImages} finds it.
 */
@NullMarked
package dev.kith.cuda.kernels;

import org.jspecify.annotations.NullMarked;
