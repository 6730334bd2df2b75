/**
 * What a search is asked and what it answers. {@link dev.kith.core.search.IndexData} is what is
 * searched, {@link dev.kith.core.search.Searcher} the way to do it on one backend, {@link
 * dev.kith.core.search.IndexBuilder} what builds the data; {@link
 * dev.kith.core.search.SearchOptions} hold a filter, an {@link dev.kith.core.search.Effort} and a
 * {@link dev.kith.core.search.Limit} shared with other searches; {@link
 * dev.kith.core.search.SearchResult} holds neighbours and the report with its {@link
 * dev.kith.core.search.Work}. For implementations: {@link dev.kith.core.search.TopK}, {@link
 * dev.kith.core.search.Rescorer} and {@link dev.kith.core.search.StopSignal}.
 */
@NullMarked
package dev.kith.core.search;

import org.jspecify.annotations.NullMarked;
