/**
 * JSON as payloads and schemas have it: what it may hold, how its bytes are kept, and what Java
 * sees of it. Jackson reads and writes it; no type of Jackson is seen above this module.
 */
@NullMarked
package dev.kith.db.json;

import org.jspecify.annotations.NullMarked;
