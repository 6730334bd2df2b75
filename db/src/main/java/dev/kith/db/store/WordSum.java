package dev.kith.db.store;

import dev.kith.db.run.Deadline;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.Explanation;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.ScorerSupplier;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.Weight;
import org.apache.lucene.util.BitSetIterator;
import org.apache.lucene.util.FixedBitSet;
import org.jspecify.annotations.Nullable;

/**
 * The sum of what words score, of any number of them: what Lucene's {@code BooleanQuery} is for
 * those that it allows. One word after another is read and added to an array of a segment's
 * documents, so memory does not grow with the words: 8 bytes a document of the largest segment.
 */
final class WordSum extends Query {
  private static final int CHECKED = 1 << 12;

  private final Map<Term, Integer> words;
  private final Deadline deadline;

  /**
   * Of these words.
   *
   * @param words and how often each was asked for
   */
  WordSum(Map<Term, Integer> words, Deadline deadline) {
    this.words = words;
    this.deadline = deadline;
  }

  @Override
  public Weight createWeight(IndexSearcher searcher, ScoreMode mode, float boost)
      throws IOException {
    var weights = new ArrayList<Weight>(words.size());
    for (var word : words.entrySet()) {
      if (weights.size() % CHECKED == 0) {
        deadline.check();
      }
      if (searcher.getIndexReader().docFreq(word.getKey()) > 0) {
        weights.add(
            new BoostQuery(new TermQuery(word.getKey()), word.getValue())
                .createWeight(searcher, ScoreMode.COMPLETE, boost));
      }
    }
    return new SumWeight(this, weights);
  }

  private final class SumWeight extends Weight {
    private final List<Weight> weights;

    SumWeight(Query query, List<Weight> weights) {
      super(query);
      this.weights = weights;
    }

    @Override
    public @Nullable ScorerSupplier scorerSupplier(LeafReaderContext leaf) throws IOException {
      var sums = new double[leaf.reader().maxDoc()];
      var found = new FixedBitSet(Math.max(1, sums.length));
      int read = 0;
      for (var weight : weights) {
        var scorer = weight.scorer(leaf);
        if (scorer == null) {
          continue;
        }
        var documents = scorer.iterator();
        for (int doc = documents.nextDoc();
            doc != DocIdSetIterator.NO_MORE_DOCS;
            doc = documents.nextDoc()) {
          if (read++ % CHECKED == 0) {
            deadline.check();
          }
          sums[doc] += scorer.score();
          found.set(doc);
        }
      }
      long count = found.cardinality();
      return count == 0 ? null : new DefaultScorerSupplier(new SumScorer(sums, found, count));
    }

    @Override
    public boolean isCacheable(LeafReaderContext leaf) {
      return false;
    }

    @Override
    public Explanation explain(LeafReaderContext leaf, int doc) {
      return Explanation.noMatch("a sum of many words is not explained");
    }
  }

  private static final class SumScorer extends Scorer {
    private final double[] sums;
    private final BitSetIterator documents;

    SumScorer(double[] sums, FixedBitSet found, long count) {
      this.sums = sums;
      this.documents = new BitSetIterator(found, count);
    }

    @Override
    public int docID() {
      return documents.docID();
    }

    @Override
    public DocIdSetIterator iterator() {
      return documents;
    }

    @Override
    public float getMaxScore(int upTo) {
      return Float.POSITIVE_INFINITY;
    }

    @Override
    public float score() {
      return (float) sums[documents.docID()];
    }
  }

  @Override
  public void visit(QueryVisitor visitor) {
    visitor.visitLeaf(this); // one clause of Lucene's, however many words there are
  }

  @Override
  public String toString(String field) {
    return "WordSum(%d words)".formatted(words.size());
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof WordSum sum && words.equals(sum.words) && deadline.equals(sum.deadline);
  }

  @Override
  public int hashCode() {
    return words.hashCode();
  }
}
