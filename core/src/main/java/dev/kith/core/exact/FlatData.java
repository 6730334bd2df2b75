package dev.kith.core.exact;

import dev.kith.core.metric.Metric;
import dev.kith.core.quant.Shadow;
import dev.kith.core.search.IndexData;
import dev.kith.core.spec.IndexSpec;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Rows without any structure, with a {@linkplain Shadow smaller copy} of them that is scanned
 * first, or without.
 *
 * @param rows rows that are searched
 * @param metric metric by which they are near
 * @param shadow shadow of the rows for the metric, or null
 */
public record FlatData(VectorSource rows, Metric metric, @Nullable Shadow shadow)
    implements IndexData {
  /** The name of the part that holds the shadow's codes and bounds. */
  public static final String SHADOW = "shadow";

  /** Checks that the shadow is of the rows and for the metric, as far as their shape tells. */
  public FlatData {
    if (shadow != null
        && (shadow.metric() != metric
            || shadow.rows().size() != rows.size()
            || shadow.rows().dimension() != rows.dimension())) {
      throw new IllegalArgumentException(
          "a shadow must be of the rows and for the metric: shadow=%d x %d, %s; rows=%d x %d, %s"
              .formatted(
                  shadow.rows().size(),
                  shadow.rows().dimension(),
                  shadow.metric(),
                  rows.size(),
                  rows.dimension(),
                  metric));
    }
  }

  /** Data of a shadow together with the rows that it codes. */
  public static FlatData of(Shadow shadow) {
    return new FlatData(shadow.rows(), shadow.metric(), shadow);
  }

  /**
   * Opens what was stored, in place. Lengths are checked; the rest is for {@link #verify}.
   *
   * @param parts as {@link #parts} gave them
   * @throws VectorDataException if the spec names a shadow and there is none, or not of that length
   */
  public static FlatData open(
      VectorSource rows, Metric metric, IndexSpec.Flat spec, Map<String, MemorySegment> parts) {
    var quantizer = spec.shadow();
    if (quantizer == null) {
      return new FlatData(rows, metric, null);
    }
    var body = parts.get(SHADOW);
    if (body == null) {
      throw new VectorDataException(
          "an index %s needs its part shadow: rows=%s, found=%s; build the index again"
              .formatted(spec, rows.name(), parts.keySet()));
    }
    return of(quantizer.over(body, rows, metric));
  }

  @Override
  public IndexSpec.Flat spec() {
    return new IndexSpec.Flat(shadow == null ? null : shadow.quantizer());
  }

  @Override
  public SequencedMap<String, MemorySegment> parts() {
    var parts = new LinkedHashMap<String, MemorySegment>();
    if (shadow != null) {
      parts.put(SHADOW, shadow.body());
    }
    return parts;
  }

  @Override
  public void verify() {
    for (long row = 0; row < rows.size(); row++) {
      VectorDataException.requireFinite(rows, row, rows.row(row));
    }
    if (shadow != null) {
      shadow.verify();
    }
  }
}
