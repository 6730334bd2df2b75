package dev.kith.core.quant;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A way to code rows in fewer bytes. Those here lose a known amount a row; product and rotated
 * codes are to join them, with parameters in their names. Stateless, safe for many threads.
 */
public interface Quantizer {
  /** One byte an element, a scale a row, and a centre where that tightens the bounds. */
  Quantizer INT8 = new Int8Quantizer();

  /** IEEE 754 binary16. */
  Quantizer FP16 = new HalfQuantizer("fp16", ElementType.FLOAT16);

  /** The upper half of a binary32. */
  Quantizer BF16 = new HalfQuantizer("bf16", ElementType.BFLOAT16);

  /** All quantizers. */
  List<Quantizer> ALL = List.of(INT8, FP16, BF16);

  /** Name by which users ask for it, such as {@code int8}. */
  String name();

  /**
   * Codes every row; parameters that must be learnt are learnt from these rows. The codes lie
   * off-heap, in the arena of the options.
   *
   * @param rows rows to code; they stay the caller's and must stay open as long as the shadow is
   *     used
   * @throws dev.kith.core.vector.VectorDataException if a row is not finite
   */
  Shadow encode(VectorSource rows, Metric metric, BuildOptions options);

  /**
   * Codes every row on all cores, into memory that {@code -XX:MaxDirectMemorySize} limits (by
   * default to the heap's limit) and that is freed with the shadow.
   */
  Shadow encode(VectorSource rows, Metric metric);

  /**
   * The shadow whose {@link Shadow#body} was stored elsewhere, read in place. Only its length is
   * checked: that it is undamaged and of the given rows is for the caller to know, or for {@link
   * Shadow#verify} to find out.
   *
   * @param body off-heap; the shadow can be used as long as it can be read
   * @throws dev.kith.core.vector.VectorDataException if it has not the length that the rows need
   */
  Shadow over(MemorySegment body, VectorSource rows, Metric metric);

  /**
   * Maps a file that {@link Shadow#save} wrote. Its header, its length and a sample of the rows are
   * checked; a row that was changed in place elsewhere is found by {@link Shadow#verify} alone. The
   * file must not be cut short while the shadow is in use: that ends the process.
   *
   * @throws dev.kith.core.vector.VectorDataException if it is damaged, or of other rows
   */
  Shadow open(Path file, VectorSource rows, Metric metric) throws IOException;

  /**
   * The quantizer called {@code name}.
   *
   * @throws IllegalArgumentException if there is none; the message lists the known ones
   */
  static Quantizer named(String name) {
    for (var quantizer : ALL) {
      if (quantizer.name().equals(name)) {
        return quantizer;
      }
    }
    throw new IllegalArgumentException(
        "no such shadow: %s; known are %s"
            .formatted(name, ALL.stream().map(Quantizer::name).collect(Collectors.joining(", "))));
  }
}
