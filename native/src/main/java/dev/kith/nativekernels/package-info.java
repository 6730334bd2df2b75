/**
 * Kernels in C behind the interfaces of {@code dev.kith.core.kernel}: products with int8 codes in
 * panels and with row-major codes of picked rows, by VNNI and its like, and products with 16-bit
 * floats. {@code NativeLibrary} loads them, {@code NativeKernels} calls them, {@link
 * dev.kith.nativekernels.NativeBackend} is the backend that brings them. The sources and their
 * contract are under {@code src/main/c}, {@code kith.h} first.
 */
@NullMarked
package dev.kith.nativekernels;

import org.jspecify.annotations.NullMarked;
