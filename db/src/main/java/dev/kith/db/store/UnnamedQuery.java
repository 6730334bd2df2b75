package dev.kith.db.store;

import dev.kith.db.filter.Filter;
import dev.kith.db.filter.Filter.Between;
import dev.kith.db.filter.Filter.Compare;
import dev.kith.db.filter.Filter.IsNull;
import dev.kith.db.filter.Filter.OneOf;
import dev.kith.db.filter.Filter.Order;
import dev.kith.db.filter.Value;
import dev.kith.db.point.Payload;
import dev.kith.db.store.UnnamedFields.Numeral;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntPredicate;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.ConstantScoreScorer;
import org.apache.lucene.search.ConstantScoreWeight;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.ScorerSupplier;
import org.apache.lucene.search.TermInSetQuery;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TermRangeQuery;
import org.apache.lucene.search.TwoPhaseIterator;
import org.apache.lucene.search.Weight;
import org.apache.lucene.util.BitSetIterator;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.FixedBitSet;
import org.jspecify.annotations.Nullable;

/**
 * One test of values at a path that no schema names: by the terms of {@link UnnamedFields} and, of
 * points that have none and where a term is only a hash, by their payloads. These are read one by
 * one, and only of points that pass what else the filter asks.
 */
final class UnnamedQuery extends Query {
  private static final int PAYLOAD_COST = 1000;

  private final Filter test;
  private final String path;
  private final List<String> keys;

  /**
   * The filter's complement is the caller's.
   *
   * @param test a {@link OneOf}, {@link Compare} or {@link Between} whose values fit, or an {@link
   *     IsNull}, which stands for its opposite: something is there
   */
  UnnamedQuery(Filter test, String path) {
    this.test = test;
    this.path = path;
    this.keys = PayloadFields.keys(path);
  }

  /** Whether all points of a segment are indexed by what no schema names. */
  static boolean isIndexed(LeafReader leaf) throws IOException {
    return leaf.docFreq(new Term(UnnamedFields.FIELD, UnnamedFields.INDEXED)) == leaf.maxDoc();
  }

  /** The points of a segment whose payloads must be read. */
  static FixedBitSet unindexed(LeafReader leaf) throws IOException {
    var documents = postings(leaf, UnnamedFields.INDEXED);
    documents.flip(0, leaf.maxDoc());
    return documents;
  }

  private static FixedBitSet postings(LeafReader leaf, BytesRef term) throws IOException {
    var found = new FixedBitSet(leaf.maxDoc());
    var documents = leaf.postings(new Term(UnnamedFields.FIELD, term), PostingsEnum.NONE);
    if (documents != null) {
      found.or(documents);
    }
    return found;
  }

  /** The query of the points whose terms pass for certain. */
  private Query indexed() {
    return switch (test) {
      case OneOf(var _, var values) ->
          new TermInSetQuery(
              UnnamedFields.FIELD,
              values.stream()
                  .filter(value -> !isLong(value))
                  .map(value -> UnnamedFields.term(path, value))
                  .toList());
      case Compare(var _, var order, var bound) ->
          switch (order) {
            case ABOVE -> range(bound, false, null);
            case AT_LEAST -> range(bound, true, null);
            case BELOW -> below(bound, false);
            case AT_MOST -> below(bound, true);
          };
      case Between(var _, var low, var high) -> range(low, true, high);
      default ->
          new TermQuery(new Term(UnnamedFields.FIELD, UnnamedFields.term(path, 'e', new byte[0])));
    };
  }

  private static boolean isLong(Value value) {
    return value instanceof Value.Text(var text) && UnnamedFields.isLong(text);
  }

  private Query range(Value low, boolean included, @Nullable Value high) {
    var end = high == null ? UnnamedFields.term(path, (char) (kind(low) + 1), new byte[0]) : null;
    return new TermRangeQuery(
        UnnamedFields.FIELD,
        bound(low),
        end == null ? bound(Objects.requireNonNull(high)) : end,
        included,
        end == null);
  }

  private Query below(Value high, boolean included) {
    var begin = UnnamedFields.term(path, kind(high), new byte[0]);
    return new TermRangeQuery(UnnamedFields.FIELD, begin, bound(high), true, included);
  }

  private static char kind(Value bound) {
    return bound instanceof Value.Text ? 't' : 'n';
  }

  private BytesRef bound(Value value) {
    return value instanceof Value.Text(var text)
        ? UnnamedFields.term(
            path, 't', UnnamedFields.sortable(Objects.requireNonNull(UnnamedFields.millis(text))))
        : UnnamedFields.term(path, value);
  }

  /** Whether a payload passes. */
  boolean passes(Payload payload) {
    return values(payload, path, keys).stream().anyMatch(this::passes);
  }

  /** What a payload has at a path. */
  static List<Object> values(Payload payload, String path, List<String> keys) {
    var found = new ArrayList<Object>();
    PayloadFields.reach(payload, path, keys, found::add);
    return found;
  }

  private boolean passes(Object value) {
    return switch (test) {
      case OneOf(var _, var wanted) -> wanted.stream().anyMatch(one -> isSame(value, one));
      case Compare(var _, var order, var bound) ->
          compares(
              value,
              bound,
              sign ->
                  switch (order) {
                    case Order.ABOVE -> sign > 0;
                    case Order.AT_LEAST -> sign >= 0;
                    case Order.BELOW -> sign < 0;
                    case Order.AT_MOST -> sign <= 0;
                  });
      case Between(var _, var low, var high) ->
          compares(value, low, sign -> sign >= 0) && compares(value, high, sign -> sign <= 0);
      default -> true;
    };
  }

  private static boolean isSame(Object value, Value wanted) {
    return switch (wanted) {
      case Value.Text(var text) -> text.equals(value);
      case Value.Bool(var truth) -> value instanceof Boolean found && found == truth;
      case Value.Whole(var whole) ->
          value instanceof Number && Numeral.of(value).equals(Numeral.of(whole));
      case Value.Real(var real) ->
          value instanceof Number && Numeral.of(value).equals(Numeral.of(real));
    };
  }

  private static boolean compares(Object value, Value bound, IntPredicate passes) {
    return switch (bound) {
      case Value.Text(var text) -> {
        var found = value instanceof String there ? UnnamedFields.millis(there) : null;
        yield found != null
            && passes.test(Long.compare(found, Objects.requireNonNull(UnnamedFields.millis(text))));
      }
      case Value.Whole(var whole) ->
          value instanceof Number && passes.test(Numeral.of(value).compareTo(Numeral.of(whole)));
      case Value.Real(var real) ->
          value instanceof Number && passes.test(Numeral.of(value).compareTo(Numeral.of(real)));
      case Value.Bool _ -> false;
    };
  }

  @Override
  public Weight createWeight(IndexSearcher searcher, ScoreMode mode, float boost)
      throws IOException {
    var indexed =
        searcher.createWeight(searcher.rewrite(indexed()), ScoreMode.COMPLETE_NO_SCORES, 1);
    return new ConstantScoreWeight(this, boost) {
      @Override
      public @Nullable ScorerSupplier scorerSupplier(LeafReaderContext leaf) throws IOException {
        var sure = new FixedBitSet(leaf.reader().maxDoc());
        var scorer = indexed.scorer(leaf);
        if (scorer != null) {
          sure.or(scorer.iterator());
        }
        var asked = asked(leaf.reader());
        if (asked != null) {
          asked.andNot(sure);
        }
        return new ScorerSupplier() {
          @Override
          public Scorer get(long leadCost) throws IOException {
            return asked == null || asked.cardinality() == 0
                ? new ConstantScoreScorer(score(), mode, new BitSetIterator(sure, cost()))
                : new ConstantScoreScorer(score(), mode, asking(leaf.reader(), sure, asked));
          }

          @Override
          public long cost() {
            return (long) sure.cardinality() + (asked == null ? 0 : asked.cardinality());
          }
        };
      }

      @Override
      public boolean isCacheable(LeafReaderContext leaf) {
        return true;
      }
    };
  }

  /** The points whose payloads decide, or null for none. */
  private @Nullable FixedBitSet asked(LeafReader leaf) throws IOException {
    var asked = isIndexed(leaf) ? null : unindexed(leaf);
    if (test instanceof OneOf(var _, var values)) {
      for (var value : values) {
        if (isLong(value)) {
          var hashed = postings(leaf, UnnamedFields.term(path, value));
          if (asked == null) {
            asked = hashed;
          } else {
            asked.or(hashed);
          }
        }
      }
    }
    return asked;
  }

  private TwoPhaseIterator asking(LeafReader leaf, FixedBitSet sure, FixedBitSet asked)
      throws IOException {
    var stored = leaf.storedFields();
    var both = sure.clone();
    both.or(asked);
    return new TwoPhaseIterator(new BitSetIterator(both, both.cardinality())) {
      @Override
      public boolean matches() throws IOException {
        int document = approximation().docID();
        return sure.get(document) || passes(Documents.payload(stored, document));
      }

      @Override
      public float matchCost() {
        return PAYLOAD_COST;
      }
    };
  }

  @Override
  public void visit(QueryVisitor visitor) {
    visitor.visitLeaf(this);
  }

  @Override
  public String toString(String field) {
    return "unnamed(%s)".formatted(test);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof UnnamedQuery query && test.equals(query.test);
  }

  @Override
  public int hashCode() {
    return 31 * classHash() + test.hashCode();
  }
}
