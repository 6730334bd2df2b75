/**
 * Commands on collections, a class a command. {@code Database} names the folder and opens it,
 * {@code Ids} are ids as they are typed and shown, {@code TextPoints} makes points of texts.
 */
@NullMarked
package dev.kith.cli.collection;

import org.jspecify.annotations.NullMarked;
