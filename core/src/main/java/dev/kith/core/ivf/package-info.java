/**
 * Inverted lists: rows in cells about centres, of which a search reads the nearest. {@link
 * dev.kith.core.ivf.ListBuilder} makes {@link dev.kith.core.ivf.ListData}, and {@link
 * dev.kith.core.ivf.ListSearcher} probes lists, where a bound by the triangle inequality says for
 * certain which lists an exact answer does not need. What is read of a list's rows is a parameter,
 * {@link dev.kith.core.ivf.ListCodes}; candidates and their keys are those of {@code exact}.
 */
@NullMarked
package dev.kith.core.ivf;

import org.jspecify.annotations.NullMarked;
