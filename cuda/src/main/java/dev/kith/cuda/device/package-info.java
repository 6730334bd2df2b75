/** The GPU that this process uses: its context, kernels, ledger and loader. */
@NullMarked
package dev.kith.cuda.device;

import org.jspecify.annotations.NullMarked;
