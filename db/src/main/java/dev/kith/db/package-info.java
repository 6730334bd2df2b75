/**
 * An embedded vector database: {@code Kith} opens a folder of collections, a {@code Collection}
 * keeps points (id, vectors, payload) and finds them again. All types here are safe for many
 * threads; records and payloads are immutable. {@code Kith}, {@code Collection} and {@code
 * CollectionReader} are interfaces: the local ones are found through {@code KithStorage}, and a
 * test may bring its own.
 */
@NullMarked
package dev.kith.db;

import org.jspecify.annotations.NullMarked;
