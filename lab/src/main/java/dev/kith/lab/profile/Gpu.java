package dev.kith.lab.profile;

/**
 * GPU that the profile saw. Unknown values are 0 or empty.
 *
 * @param id number of the GPU, as in {@link Activity.Place#device}
 * @param name name, such as {@code NVIDIA H100 80GB HBM3}
 * @param memoryBytes bytes of all its memory
 * @param bytesPerSecond most bytes a second that its memory can deliver
 * @param l2Bytes bytes of its second cache
 * @param clockHertz clock rate of its cores
 * @param multiprocessors number of multiprocessors
 * @param computeMajor compute capability, before the point
 * @param computeMinor compute capability, after the point
 */
public record Gpu(
    int id,
    String name,
    long memoryBytes,
    long bytesPerSecond,
    long l2Bytes,
    long clockHertz,
    int multiprocessors,
    int computeMajor,
    int computeMinor) {}
