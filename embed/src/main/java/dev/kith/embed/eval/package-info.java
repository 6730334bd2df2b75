/**
 * Scores of rankings, by the definitions of trec_eval: {@link dev.kith.embed.eval.RankingScores}.
 */
@NullMarked
package dev.kith.embed.eval;

import org.jspecify.annotations.NullMarked;
