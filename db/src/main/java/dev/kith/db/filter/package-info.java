/**
 * Conditions on points: built in code from {@link dev.kith.db.filter.Filter#field}, or read from
 * text by {@link dev.kith.db.filter.Filter#parse}. docs/filters.md defines both. All is immutable.
 */
@NullMarked
package dev.kith.db.filter;

import org.jspecify.annotations.NullMarked;
