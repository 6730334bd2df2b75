package dev.kith.core.quant;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.ElementType;
import dev.kith.core.vector.MappedFile;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Rows as 16-bit floats. */
record HalfQuantizer(String name, ElementType type) implements Quantizer {

  @Override
  public Shadow encode(VectorSource rows, Metric metric, BuildOptions options) {
    long bytes = HalfShadow.bytes(rows);
    var shadow =
        new HalfShadow(this, rows, metric, type, options.arena().allocate(bytes, 64), null);
    shadow.encodeAll(options);
    return shadow;
  }

  @Override
  public Shadow over(MemorySegment body, VectorSource rows, Metric metric) {
    Shadow.requireLength(this, body, HalfShadow.bytes(rows), rows);
    return new HalfShadow(this, rows, metric, type, MappedFile.plain(body), null);
  }

  @Override
  public Shadow open(Path file, VectorSource rows, Metric metric) throws IOException {
    var saved = ShadowFile.map(file, this, rows, metric, HalfShadow.bytes(rows));
    return new HalfShadow(this, rows, metric, type, saved.bytes(), saved);
  }
}
