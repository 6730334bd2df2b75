/**
 * Exact search: a scan of the rows or of a shadow with a proved error bound, then the canonical
 * score of every row that the bound cannot exclude. The proof is in {@code docs/exactness.md}.
 */
@NullMarked
package dev.kith.core.exact;

import org.jspecify.annotations.NullMarked;
