/**
 * Activities of a GPU, recorded by NVIDIA's CUPTI through the foreign function interface: {@link
 * dev.kith.lab.cupti.CuptiSource} is a source for profiles. Nothing of CUPTI is needed to build
 * this; it is looked for when a profile begins.
 */
@NullMarked
package dev.kith.lab.cupti;

import org.jspecify.annotations.NullMarked;
