/** What a collection keeps: points of an id, vectors and a payload, and the schema they follow. */
@NullMarked
package dev.kith.db.point;

import org.jspecify.annotations.NullMarked;
