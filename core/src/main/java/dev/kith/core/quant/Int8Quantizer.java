package dev.kith.core.quant;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.MappedFile;
import dev.kith.core.vector.VectorSource;
import dev.kith.core.work.BuildOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Rows as int8 codes with a scale each, in panels of 16. */
record Int8Quantizer() implements Quantizer {
  @Override
  public String name() {
    return "int8";
  }

  @Override
  public Shadow encode(VectorSource rows, Metric metric, BuildOptions options) {
    var centre = Int8Shadow.chooseCentre(rows, metric);
    var body = options.arena().allocate(Int8Shadow.bytes(rows), 64);
    MemorySegment.copy(centre, 0, body, Int8Shadow.FLOAT, 0, centre.length);
    var shadow = new Int8Shadow(this, rows, metric, body, null);
    shadow.encodeAll(options);
    HugePages.advise(body);
    return shadow;
  }

  @Override
  public Shadow over(MemorySegment body, VectorSource rows, Metric metric) {
    Shadow.requireLength(this, body, Int8Shadow.bytes(rows), rows);
    return new Int8Shadow(this, rows, metric, MappedFile.plain(body), null);
  }

  @Override
  public Shadow open(Path file, VectorSource rows, Metric metric) throws IOException {
    var saved = ShadowFile.map(file, this, rows, metric, Int8Shadow.bytes(rows));
    return new Int8Shadow(this, rows, metric, saved.bytes(), saved);
  }
}
