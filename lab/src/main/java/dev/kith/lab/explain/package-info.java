/** Nearest neighbours for who meets them for the first time, step by step, computed live. */
@NullMarked
package dev.kith.lab.explain;

import org.jspecify.annotations.NullMarked;
