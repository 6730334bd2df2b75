package dev.kith.cuda.ladder;

/**
 * Where the time of a search goes, in milliseconds.
 *
 * @param kernels running them, by the device's clock, queued so that none waits for the host
 * @param copies to the device and back, likewise
 * @param waiting the rest of the wall clock: launching, synchronising, and what the host computes
 */
public record DeviceTime(double kernels, double copies, double waiting) {}
