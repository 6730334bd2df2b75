/**
 * What a GPU holds of the sources that are searched on it. {@link dev.kith.cuda.store.DeviceStore}
 * loads each part once, lends it to searches and lets it go; a part is rows ({@link
 * dev.kith.cuda.memory.GpuBuffer}) or their codes ({@link dev.kith.cuda.store.DeviceCodes}). {@link
 * dev.kith.cuda.store.DeviceSegments} tells all stores of segments that storage closes. Safe for
 * many threads.
 */
@NullMarked
package dev.kith.cuda.store;

import org.jspecify.annotations.NullMarked;
