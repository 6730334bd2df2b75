package dev.kith.lab.profile;

/**
 * A GPU that the profile saw. What is not known is 0 or empty.
 *
 * @param id its number, as in {@link Activity.Place#device}
 * @param name such as {@code NVIDIA H100 80GB HBM3}
 * @param memoryBytes all of its memory
 * @param bytesPerSecond that its memory can give at most
 * @param l2Bytes of its second cache
 * @param clockHertz of its cores
 * @param multiprocessors how many
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
