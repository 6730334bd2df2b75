package dev.kith.cuda.ladder;

/**
 * How long the device works in a search, in milliseconds by its own clock. The rest of the search's
 * time it waits: for launches, for copies to be asked for, for what the host computes.
 *
 * @param kernels running them, queued so that none waits for the host
 * @param copies to the device and back, likewise
 */
public record DeviceTime(double kernels, double copies) {}
