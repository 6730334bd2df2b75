/**
 * Where libraries of CUDA's toolkit are: {@link dev.kith.lab.toolkit.ToolkitLibrary} looks for
 * them. None is needed to build this or to run it.
 */
@NullMarked
package dev.kith.lab.toolkit;

import org.jspecify.annotations.NullMarked;
