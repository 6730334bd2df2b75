/** How points become documents of Lucene, and filters its queries. The only home of Lucene. */
@NullMarked
package dev.kith.db.store;

import org.jspecify.annotations.NullMarked;
