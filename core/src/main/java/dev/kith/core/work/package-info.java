/**
 * Long work on many threads: {@link dev.kith.core.work.Workers} for scans, builds, coding and
 * loading, {@link dev.kith.core.work.Progress} to follow and stop it, {@link
 * dev.kith.core.work.BuildOptions} for builds.
 */
@NullMarked
package dev.kith.core.work;

import org.jspecify.annotations.NullMarked;
