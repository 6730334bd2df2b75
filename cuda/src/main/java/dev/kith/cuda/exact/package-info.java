/**
 * Exact search on the device: rows and their int8 shadow in its memory, a scan with the proved
 * bounds of {@code docs/exactness.md}, canonical keys for what they do not exclude.
 */
@NullMarked
package dev.kith.cuda.exact;

import org.jspecify.annotations.NullMarked;
