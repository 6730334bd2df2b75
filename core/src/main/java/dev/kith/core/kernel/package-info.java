/**
 * The loops: {@link dev.kith.core.kernel.ScanKernel} over float32 rows, {@link
 * dev.kith.core.kernel.PanelKernel} over int8 codes of all rows in {@link
 * dev.kith.core.kernel.Panels}, {@link dev.kith.core.kernel.CodeKernel} over row-major codes of
 * rows that are {@link dev.kith.core.kernel.Picks picked}, {@link dev.kith.core.kernel.HalfKernel}
 * over 16-bit floats. Float products are within one proved bound on every backend, integer products
 * are exact; the scalar loops are the reference. In core, the only package that uses the Vector
 * API.
 */
@NullMarked
package dev.kith.core.kernel;

import org.jspecify.annotations.NullMarked;
