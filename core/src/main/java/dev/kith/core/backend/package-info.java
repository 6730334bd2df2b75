/**
 * Where searches run: what this machine can use, why, and which is chosen. Other modules plug in
 * backends through {@link java.util.ServiceLoader}.
 */
@NullMarked
package dev.kith.core.backend;

import org.jspecify.annotations.NullMarked;
