/**
 * What approximate answers are worth: {@link dev.kith.core.recall.RecallCurve} is what an index
 * measured of itself, {@link dev.kith.core.recall.CurveFit} makes it of searches whose exact answer
 * is known, and {@link dev.kith.core.recall.StoppingRule} is what a walk obeys so that a recall is
 * reached. {@link dev.kith.core.recall.IntrinsicDimension} tells how hard rows are to search.
 */
@NullMarked
package dev.kith.core.recall;

import org.jspecify.annotations.NullMarked;
