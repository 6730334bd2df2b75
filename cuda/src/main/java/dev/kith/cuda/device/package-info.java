/**
 * The GPUs of this process ({@link dev.kith.cuda.device.Gpus}) and what each has ({@link
 * dev.kith.cuda.device.Gpu}): context, kernels, ledger and loader.
 */
@NullMarked
package dev.kith.cuda.device;

import org.jspecify.annotations.NullMarked;
