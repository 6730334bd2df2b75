package dev.kith.lab.compare;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Result of a comparison; the document of {@code kith lab compare --json}.
 *
 * @param data name of where the rows come from
 * @param n number of rows
 * @param dim elements a row
 * @param queries number of queries
 * @param k neighbours of each query
 * @param metric metric of the search
 * @param threads threads of the CPU that each contender may use
 * @param machine description of everything that the times depend on, in one line
 * @param commit commit of the checkout that ran
 * @param python version of Python, or null if there is none
 * @param contenders contenders that ran, Kith's first
 * @param missing contenders that did not run
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
   * Contender that did not run.
   *
   * @param name name of the contender
   * @param reason reason why not, and what to do
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
