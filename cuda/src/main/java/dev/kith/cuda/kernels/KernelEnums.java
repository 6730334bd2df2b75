package dev.kith.cuda.kernels;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;

/** The numbers by which kernels know metrics and types: {@code kith.cuh}. */
public final class KernelEnums {
  private KernelEnums() {}

  /** The number of a metric. */
  public static int of(Metric metric) {
    return switch (metric) {
      case L2 -> 0;
      case COSINE -> 1;
      case DOT -> 2;
    };
  }

  /** The number of a type. */
  public static int of(ElementType type) {
    return switch (type) {
      case FLOAT32 -> 0;
      case FLOAT16 -> 1;
      case BFLOAT16 -> 2;
      case INT8 -> 3;
      case UINT8 -> 4;
    };
  }
}
