/**
 * An embedded vector database: {@code Kith} opens a folder of collections, a {@code Collection}
 * keeps points (id, vectors, payload) and finds them again. All types here are safe for many
 * threads; records and payloads are immutable.
 */
@NullMarked
package dev.kith.db;

import org.jspecify.annotations.NullMarked;
