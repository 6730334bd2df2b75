package dev.kith.embed.eval;

import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * Agreement of rankings with judgments, by the definitions of trec_eval: means over all queries
 * that have a relevant document (grade above 0); a query without results counts as 0.
 *
 * <p>Rankings are taken in the order given; trec_eval instead sorts equal scores by id, descending.
 * A document with the query's own id is left out, as BEIR does, so ask for one result more.
 *
 * @param queries number of queries that the means are over
 * @param ndcgAt10 normalised discounted cumulative gain, gain = grade, discount log2(rank + 1)
 * @param recallAt10 relevant documents among the first 10, over all relevant documents
 * @param recallAt100 relevant documents among the first 100, over all relevant documents
 * @param mrrAt10 1 / rank of the first relevant document, 0 if not among the first 10
 */
public record RankingScores(
    int queries, double ndcgAt10, double recallAt10, double recallAt100, double mrrAt10) {

  /**
   * Scores rankings.
   *
   * @param judgments query id to document id to grade
   * @param rankings query id to document ids, best first; queries without judgments are ignored
   * @throws IllegalArgumentException if a ranking names a document twice
   */
  public static RankingScores of(
      Map<String, Map<String, Integer>> judgments, Map<String, List<String>> rankings) {
    int queries = 0;
    double ndcg10 = 0;
    double recall10 = 0;
    double recall100 = 0;
    double mrr10 = 0;
    for (var judged : judgments.entrySet()) {
      var query = judged.getKey();
      var grades = judged.getValue();
      if (grades.values().stream().noneMatch(g -> g > 0)) {
        continue;
      }
      queries++;
      var ranking =
          rankings.getOrDefault(query, List.of()).stream().filter(d -> !d.equals(query)).toList();
      requireDistinct(query, ranking);
      ndcg10 += ndcg(ranking, grades, 10);
      recall10 += recall(ranking, grades, 10);
      recall100 += recall(ranking, grades, 100);
      mrr10 += reciprocalRank(ranking, grades, 10);
    }
    int n = Math.max(queries, 1);
    return new RankingScores(queries, ndcg10 / n, recall10 / n, recall100 / n, mrr10 / n);
  }

  /**
   * Normalised gain of the first {@code k} documents: their gains, each over log2(rank + 1), over
   * the best possible sum.
   */
  public static double ndcg(List<String> ranking, Map<String, Integer> grades, int k) {
    double gained = 0;
    for (int i = 0; i < Math.min(k, ranking.size()); i++) {
      gained += Math.max(grades.getOrDefault(ranking.get(i), 0), 0) / discount(i);
    }
    var best = grades.values().stream().filter(g -> g > 0).mapToInt(g -> g).sorted().toArray();
    double ideal = 0;
    for (int i = 0; i < Math.min(k, best.length); i++) {
      ideal += best[best.length - 1 - i] / discount(i);
    }
    return ideal == 0 ? 0 : gained / ideal;
  }

  /** Relevant documents among the first {@code k}, over all relevant documents. */
  public static double recall(List<String> ranking, Map<String, Integer> grades, int k) {
    long relevant = grades.values().stream().filter(g -> g > 0).count();
    long found = ranking.stream().limit(k).filter(d -> grades.getOrDefault(d, 0) > 0).count();
    return relevant == 0 ? 0 : (double) found / relevant;
  }

  /** 1 / rank of the first relevant document, 0 if it is not among the first {@code k}. */
  public static double reciprocalRank(List<String> ranking, Map<String, Integer> grades, int k) {
    for (int i = 0; i < Math.min(k, ranking.size()); i++) {
      if (grades.getOrDefault(ranking.get(i), 0) > 0) {
        return 1.0 / (i + 1);
      }
    }
    return 0;
  }

  /** Discount of the document at {@code index}, which has rank {@code index + 1}. */
  private static double discount(int index) {
    return Math.log(index + 2) / Math.log(2);
  }

  private static void requireDistinct(String query, List<String> ranking) {
    var seen = new HashSet<String>();
    for (var document : ranking) {
      if (!seen.add(document)) {
        throw new IllegalArgumentException(
            "a ranking names a document once: query=%s, document=%s".formatted(query, document));
      }
    }
  }
}
