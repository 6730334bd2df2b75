package dev.kith.cuda.store;

import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Int8Shadow;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.util.Arrays;

/**
 * What the rows of a source are coded less of. Two are equal if their elements are, so that codes
 * made with either are the same part of a store. Immutable.
 */
public final class Centre {
  private final float[] elements;
  private final int hash;

  private Centre(float[] elements) {
    this.elements = elements;
    this.hash = Arrays.hashCode(elements);
  }

  /** The centre of a shadow that there is already. */
  public static Centre of(Int8Shadow shadow) {
    return new Centre(shadow.centre());
  }

  /** A centre of the given elements, {@code [d]}, which are copied. */
  public static Centre of(float... elements) {
    return new Centre(elements.clone());
  }

  /**
   * The one that the processor's shadow of the rows would have, from a sample of them; zeros if a
   * row of the sample is not finite: searches that may return such a row say so.
   */
  public static Centre chosenFor(VectorSource rows, Metric metric) {
    try {
      return new Centre(Int8Shadow.chooseCentre(rows, metric));
    } catch (VectorDataException e) {
      return new Centre(new float[rows.dimension()]);
    }
  }

  float[] elements() {
    return elements;
  }

  /** Its norm, rounded up; bounds for L2 know no centre, and it is 0 there. */
  double norm(Metric metric) {
    double squares = 0;
    for (float element : elements) {
      squares += (double) element * element;
    }
    return metric == Metric.L2 ? 0 : Math.sqrt(squares) * (1 + 0x1p-30);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Centre that && Arrays.equals(elements, that.elements);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
