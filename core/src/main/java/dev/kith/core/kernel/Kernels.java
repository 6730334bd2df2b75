package dev.kith.core.kernel;

import org.jspecify.annotations.Nullable;

/**
 * The loops of one backend.
 *
 * @param rows over float32 rows
 * @param panels over int8 codes
 * @param halves over 16-bit floats in place, or null: they are then decoded first
 */
public record Kernels(ScanKernel rows, PanelKernel panels, @Nullable HalfKernel halves) {}
