/**
 * Exact search on the device: a scan of the rows' int8 codes with the proved bounds of {@code
 * docs/exactness.md}, canonical keys for what they do not exclude. Begin with {@link
 * dev.kith.cuda.exact.CudaExactSearch}, safe for many threads, and {@code DeviceSearch}, which
 * belongs to one at a time.
 */
@NullMarked
package dev.kith.cuda.exact;

import org.jspecify.annotations.NullMarked;
