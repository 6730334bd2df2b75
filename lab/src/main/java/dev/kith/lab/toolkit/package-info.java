/**
 * Libraries of CUDA's toolkit: {@link dev.kith.lab.toolkit.ToolkitLibrary} finds and loads them.
 * None is needed to build this or to run it.
 */
@NullMarked
package dev.kith.lab.toolkit;

import org.jspecify.annotations.NullMarked;
