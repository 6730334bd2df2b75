/**
 * What turns texts into vectors, as collections and models know of each other: an interface, and a
 * description that a schema keeps.
 */
@NullMarked
package dev.kith.core.text;

import org.jspecify.annotations.NullMarked;
