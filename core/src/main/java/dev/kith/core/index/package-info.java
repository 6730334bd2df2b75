/**
 * What users hold. {@link dev.kith.core.index.VectorIndex} opens or builds an index over rows,
 * named by a spec such as {@code flat(shadow=int8)}, and asks the best backend for a searcher;
 * {@link dev.kith.core.index.LiveIndex} owns rows that come and go while they are searched; {@link
 * dev.kith.core.index.BatchingSearch} serves single queries of many threads together, as {@link
 * dev.kith.core.index.BatchingOptions} say.
 */
@NullMarked
package dev.kith.core.index;

import org.jspecify.annotations.NullMarked;
