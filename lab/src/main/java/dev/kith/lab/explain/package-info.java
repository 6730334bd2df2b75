/**
 * Introduction to nearest neighbours, step by step, computed live: {@link
 * dev.kith.lab.explain.Explanation}.
 */
@NullMarked
package dev.kith.lab.explain;

import org.jspecify.annotations.NullMarked;
