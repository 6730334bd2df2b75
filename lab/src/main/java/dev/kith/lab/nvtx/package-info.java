/**
 * Ranges for NVIDIA's own tools, through libnvtx3interop: {@link dev.kith.lab.nvtx.Nvtx}. Nothing
 * of it is needed to build this; it is looked for when a tool is attached.
 */
@NullMarked
package dev.kith.lab.nvtx;

import org.jspecify.annotations.NullMarked;
