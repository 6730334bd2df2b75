/** What is promised of writes, and what is said when it cannot be kept. */
@NullMarked
package dev.kith.db.durability;

import org.jspecify.annotations.NullMarked;
