/**
 * One engine for graphs of neighbours: {@link dev.kith.core.graph.Graph} (a table of links), {@link
 * dev.kith.core.graph.GraphBuilder} (codes, a builder, and links to what it left out) and {@link
 * dev.kith.core.graph.GraphSearcher} (walks, and canonical keys of the best). The walk is written
 * once; codes, pruning and builders are parameters of it. With a filter {@code FilterPlanner}
 * chooses between a scan and two ways to walk.
 */
@NullMarked
package dev.kith.core.graph;

import org.jspecify.annotations.NullMarked;
