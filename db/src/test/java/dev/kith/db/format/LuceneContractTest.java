package dev.kith.db.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.Assume.assumeTrue;

import com.carrotsearch.randomizedtesting.ThreadFilter;
import com.carrotsearch.randomizedtesting.annotations.ThreadLeakFilters;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.tests.index.BaseKnnVectorsFormatTestCase;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.runner.JUnitCore;

/**
 * What Lucene asks of every format of vectors. Its tests are of JUnit 4, so this runs them; they
 * have seeds of their own, which a failure prints: {@code -Dtests.seed=...} repeats it.
 */
class LuceneContractTest {

  @ParameterizedTest
  @ValueSource(classes = {Contract.class, OlderContract.class})
  void lucenesOwnTests_all_pass(Class<?> contract) {
    // Lucene wants to be told; Maven runs tests with assertions.
    System.setProperty(
        "tests.asserts", String.valueOf(LuceneContractTest.class.desiredAssertionStatus()));
    var result = new JUnitCore().run(contract);
    assertThat(result.getFailures())
        .extracting(failure -> failure.getTestHeader() + ": " + failure.getTrace())
        .isEmpty();
    assertThat(result.getRunCount()).isGreaterThan(50);
  }

  /** Kith's search threads outlive searches. */
  public static final class SearchThreads implements ThreadFilter {
    @Override
    public boolean reject(Thread thread) {
      return thread.getName().startsWith("kith-worker-");
    }
  }

  /** Run by the test above. */
  @ThreadLeakFilters(filters = SearchThreads.class)
  public static class Contract extends BaseKnnVectorsFormatTestCase {
    /** What it is about. */
    protected KnnVectorsFormat format() {
      return new KithVectorsFormat();
    }

    @Override
    protected Codec getCodec() {
      var format = format();
      return new Lucene104Codec() {
        @Override
        public KnnVectorsFormat getKnnVectorsFormatForField(String name) {
          return format;
        }
      };
    }

    /** That is for quantized formats, which can lose their rows. */
    @Override
    protected boolean supportsFloatVectorFallback() {
      return false;
    }

    /**
     * Left out: it calls {@code iterator()} for each step and expects the second to go on where the
     * first stopped, as that of Lucene's sparse byte values does; ours begins, as its javadoc says.
     * Sorted bytes are tested in {@link KithVectorsFormatTest}.
     */
    @Override
    public void testSortedIndexBytes() {
      assumeTrue("expects iterators that share their position", false);
    }
  }

  /** The same for segments as Kith wrote them before. */
  @ThreadLeakFilters(filters = SearchThreads.class)
  public static final class OlderContract extends Contract {
    @Override
    protected KnnVectorsFormat format() {
      return new Kith1WritingFormat();
    }
  }
}
