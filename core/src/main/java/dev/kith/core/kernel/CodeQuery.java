package dev.kith.core.kernel;

import java.lang.foreign.MemorySegment;

/**
 * A query as the loops over row-major codes read it: signed codes and the scale of their products.
 * Belongs to one worker, which sets it again for each query.
 */
public final class CodeQuery {
  private final byte[] codes;
  private final MemorySegment segment;
  private final short[] wide;
  private float scale;

  /**
   * Creates a query of zeros.
   *
   * @param width the number of codes, filled up as {@link CodeKernel} says
   */
  public CodeQuery(int width) {
    this.codes = new byte[width];
    this.segment = MemorySegment.ofArray(codes);
    this.wide = new short[width];
  }

  /** The codes, {@code [width]}; whoever sets them leaves zeros behind the last element. */
  public byte[] codes() {
    return codes;
  }

  /** The codes as a segment on the heap. */
  public MemorySegment segment() {
    return segment;
  }

  /** Room for the codes in 16 bits each, {@code [width]}, for loops that want them. */
  short[] wide() {
    return wide;
  }

  /** What a product is multiplied by. */
  public float scale() {
    return scale;
  }

  /** Sets what a product is multiplied by. */
  public void scale(float newScale) {
    scale = newScale;
  }
}
