/**
 * Backends, the places where searches and builds run. {@link dev.kith.core.backend.Backend} is the
 * interface that other modules implement and plug in through {@link java.util.ServiceLoader};
 * {@link dev.kith.core.backend.CpuBackend} is the base of those on a processor; {@link
 * dev.kith.core.backend.Backends} probes and self-tests them and chooses one for given data, or to
 * build an index. A {@link dev.kith.core.backend.SegmentListener} hears of segments that storage
 * opens and closes.
 */
@NullMarked
package dev.kith.core.backend;

import org.jspecify.annotations.NullMarked;
