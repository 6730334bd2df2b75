package dev.kith.core.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Loops over row-major codes in plain Java: the reference that the others are tested against. */
public final class ScalarCodes implements CodeKernel {
  /**
   * Bytes of a row that hold twice their number of codes of 4 bits, {@code BLOCK} elements apart.
   */
  private static final int BLOCK = 64;

  /** Creates the loops. */
  public ScalarCodes() {}

  @Override
  public String name() {
    return "scalar loops";
  }

  @Override
  public void estimate8(
      CodeQuery query,
      MemorySegment codes,
      long stride,
      MemorySegment terms,
      Picks picks,
      int count) {
    PickChecks.requireWithin(
        picks.rows(), count, PickChecks.rows(8, query, codes, stride, terms, picks, count));
    for (int i = 0; i < count; i++) {
      long row = picks.rows()[i];
      int product = product8(query.codes(), codes, row * stride);
      picks.estimates()[i] = terms.get(Panels.FLOAT, Float.BYTES * row) - query.scale() * product;
    }
  }

  private static int product8(byte[] query, MemorySegment codes, long at) {
    int sum = 0;
    for (int j = 0; j < query.length; j++) {
      sum += query[j] * (codes.get(ValueLayout.JAVA_BYTE, at + j) & 0xff);
    }
    return sum;
  }

  @Override
  public void estimate4(
      CodeQuery query,
      MemorySegment codes,
      long stride,
      MemorySegment terms,
      Picks picks,
      int count) {
    PickChecks.requireWithin(
        picks.rows(), count, PickChecks.rows(4, query, codes, stride, terms, picks, count));
    for (int i = 0; i < count; i++) {
      long row = picks.rows()[i];
      int product = product4(query.codes(), codes, row * stride);
      picks.estimates()[i] = terms.get(Panels.FLOAT, Float.BYTES * row) - query.scale() * product;
    }
  }

  private static int product4(byte[] query, MemorySegment codes, long at) {
    int sum = 0;
    for (int b = 0; 2 * b < query.length; b += BLOCK) {
      for (int j = 0; j < BLOCK; j++) {
        int pair = codes.get(ValueLayout.JAVA_BYTE, at + b + j) & 0xff;
        sum += query[2 * b + j] * (pair & 15) + query[2 * b + BLOCK + j] * (pair >> 4);
      }
    }
    return sum;
  }
}
