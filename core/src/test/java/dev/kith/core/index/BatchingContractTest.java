package dev.kith.core.index;

import dev.kith.core.backend.Backend;
import dev.kith.core.backend.Backends;
import dev.kith.core.backend.ExactSearchContract;
import dev.kith.core.quant.Quantizer;
import dev.kith.core.search.IndexData;
import dev.kith.core.search.Searcher;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What exact search promises, with batching before it: it is an exact search like others. */
@ParameterizedClass
@MethodSource("all")
class BatchingContractTest extends ExactSearchContract {
  private final Backend behind;
  private final @Nullable Quantizer quantizer;

  BatchingContractTest(String behind, @Nullable Quantizer quantizer) {
    this.behind = Backends.choose(behind);
    this.quantizer = quantizer;
  }

  static Stream<Arguments> all() {
    return Stream.of(Arguments.of("scalar", null), Arguments.of("simd", Quantizer.INT8));
  }

  @Override
  protected Backend backend() {
    return new Backend() {
      @Override
      public String name() {
        return behind.name();
      }

      @Override
      public int priority() {
        return behind.priority();
      }

      @Override
      public Probe probe() {
        return behind.probe();
      }

      @Override
      public @Nullable Searcher searcher(IndexData data) {
        var search = Objects.requireNonNull(behind.searcher(data));
        return new BatchingSearch(search, data.rows(), BatchingOptions.DEFAULTS);
      }
    };
  }

  @Override
  protected @Nullable Quantizer shadow() {
    return quantizer;
  }
}
