package dev.kith.cuda.exact;

import dev.kith.core.metric.Metric;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sources that do not fit: chunk after chunk. */
@Tag("gpu")
class CudaExactSearchStreamedTest extends CudaExactSearchTest {
  private int chunk = 128;

  @Override
  Tuning tuning() {
    return new Tuning(true, chunk);
  }

  @Override
  @ParameterizedTest
  @EnumSource
  void search_manyTiles_agreesWithTheProcessor(Metric metric) {
    chunk = 16_384;
    super.search_manyTiles_agreesWithTheProcessor(metric);
  }

  /** The last chunk may be too small for a scan. */
  @Override
  protected Set<String> bounds() {
    return Set.of("int8", "float64, int8");
  }

  /** Some in each of the chunks. */
  @Override
  protected long mostCandidates() {
    return 1500;
  }
}
