/**
 * What a search is asked and what it answers: options, neighbours, the report, and the selection of
 * the best.
 */
@NullMarked
package dev.kith.core.search;

import org.jspecify.annotations.NullMarked;
