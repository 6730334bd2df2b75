package dev.kith.cuda.kernels;

import java.util.List;

/**
 * A family of kernels: those of one source, loaded together when one of them is first asked for.
 * Declared once, as a constant of the class that launches them; two sets are never equal.
 */
public final class KernelSet {
  private final String source;
  private final List<String> kernels;
  private final boolean structs;

  private KernelSet(String source, boolean structs, String... kernels) {
    if (kernels.length == 0) {
      throw new IllegalArgumentException("kernels must be named: source=" + source);
    }
    this.source = source;
    this.structs = structs;
    this.kernels = List.of(kernels);
  }

  /**
   * Kernels that take none of {@link Structs}.
   *
   * @param source its file's name without {@code .cu}
   * @param kernels their names in it, at least one
   */
  public static KernelSet of(String source, String... kernels) {
    return new KernelSet(source, false, kernels);
  }

  /**
   * Kernels that share {@link Structs} with Java: what their image makes of them is compared when
   * it is loaded.
   */
  public static KernelSet withStructs(String source, String... kernels) {
    return new KernelSet(source, true, kernels);
  }

  /** The source's file name without {@code .cu}. */
  public String source() {
    return source;
  }

  /** The names of the kernels. */
  public List<String> kernels() {
    return kernels;
  }

  /** Whether they share structs with Java. */
  boolean hasStructs() {
    return structs;
  }

  @Override
  public String toString() {
    return source;
  }
}
