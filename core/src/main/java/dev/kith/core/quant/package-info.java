/**
 * Smaller copies of rows and what they prove. {@link dev.kith.core.quant.Quantizer} names a way to
 * code rows, {@link dev.kith.core.quant.Shadow} holds the codes of a source with proved bounds of
 * what they lose, {@link dev.kith.core.quant.PanelBound} and {@link dev.kith.core.quant.FloatBound}
 * turn products into intervals that hold the canonical key. The proofs are in {@code
 * docs/exactness.md}. The loops are in {@code kernel}, and {@code exact} drives them.
 */
@NullMarked
package dev.kith.core.quant;

import org.jspecify.annotations.NullMarked;
