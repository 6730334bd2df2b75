package dev.kith.core.quant;

import dev.kith.core.metric.Metric;
import dev.kith.core.vector.MappedFile;
import dev.kith.core.vector.VectorDataException;
import dev.kith.core.vector.VectorSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Rows as int8 codes with a scale each, in panels of 16. */
record Int8Quantizer() implements Quantizer {
  /** Rows that a centre is made of and tried on. */
  private static final int SAMPLE = 2048;

  /** A centre must tighten the bounds of the sample by so much, or there is none. */
  private static final double WORTHWHILE = 0.95;

  @Override
  public String name() {
    return "int8";
  }

  @Override
  public Shadow encode(VectorSource rows, Metric metric) {
    return encode(rows, metric, Arena.ofAuto());
  }

  @Override
  public Shadow encode(VectorSource rows, Metric metric, Arena arena) {
    var centre = chooseCentre(rows, metric);
    var body = arena.allocate(Int8Shadow.bytes(rows), 64);
    MemorySegment.copy(centre, 0, body, Int8Shadow.FLOAT, 0, centre.length);
    var shadow = new Int8Shadow(this, rows, metric, body, null);
    shadow.encodeAll();
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

  /**
   * The mean of a sample, or zeros if bounds are not tighter with it. Their width goes with a
   * query's norm times a row's residual; the sample's rows stand for both.
   */
  private static float[] chooseCentre(VectorSource rows, Metric metric) {
    int d = rows.dimension();
    var none = new float[d];
    int sample = (int) Math.min(SAMPLE, rows.size());
    if (sample == 0) {
      return none;
    }
    var plain = new PanelBound(metric, none);
    var sums = new double[d];
    var vector = new double[d];
    for (int i = 0; i < sample; i++) {
      plain.vector(sampled(rows, i, sample), vector);
      for (int e = 0; e < d; e++) {
        sums[e] += vector[e];
      }
    }
    var centre = new float[d];
    for (int e = 0; e < d; e++) {
      centre[e] = (float) (sums[e] / sample);
    }
    double with = width(rows, sample, new PanelBound(metric, centre));
    // Not if the mean is not finite: then this is false.
    return with < WORTHWHILE * width(rows, sample, plain) ? centre : none;
  }

  private static float[] sampled(VectorSource rows, int i, int sample) {
    long number = i * rows.size() / sample;
    var row = rows.row(number);
    VectorDataException.requireFinite(rows, number, row);
    return row;
  }

  private static double width(VectorSource rows, int sample, PanelBound bound) {
    var coded = bound.new Row();
    double norms = 0;
    double residuals = 0;
    for (int i = 0; i < sample; i += 4) {
      coded.encode(sampled(rows, i, sample));
      norms += coded.reach;
      residuals += coded.residual;
    }
    return norms * residuals;
  }
}
