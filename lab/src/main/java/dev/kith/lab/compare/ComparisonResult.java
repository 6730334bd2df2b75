package dev.kith.lab.compare;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a comparison found; the document of {@code kith lab compare --json}.
 *
 * @param data where the rows come from
 * @param n rows
 * @param dim elements a row
 * @param queries how many there are
 * @param k neighbours of each
 * @param metric what near means
 * @param threads of the CPU that each may use
 * @param machine everything that the times depend on, in one line
 * @param commit of the checkout that ran
 * @param python its version, or null if there is none
 * @param contenders that ran, Kith's first
 * @param missing that did not
 * @param embedding texts a second by device; empty if it was not asked for
 */
public record ComparisonResult(
    String data,
    long n,
    int dim,
    int queries,
    int k,
    String metric,
    int threads,
    String machine,
    String commit,
    @Nullable String python,
    List<Contender> contenders,
    List<Missing> missing,
    List<EmbeddingRate> embedding) {
  /** Copies the lists. */
  public ComparisonResult {
    contenders = List.copyOf(contenders);
    missing = List.copyOf(missing);
    embedding = List.copyOf(embedding);
  }

  /**
   * Who did not run.
   *
   * @param name as a contender's
   * @param reason why, and what to do
   */
  public record Missing(String name, String reason) {}

  /** Whether Kith's own answers are all those of the definition; peers may round otherwise. */
  public boolean kithIsExact() {
    return contenders.stream()
        .filter(contender -> contender.name().startsWith(Comparison.KITH))
        .flatMap(contender -> contender.runs().stream())
        .allMatch(Contender.Run::sameRows);
  }
}
