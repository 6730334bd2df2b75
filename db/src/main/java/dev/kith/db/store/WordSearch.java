package dev.kith.db.store;

import dev.kith.db.point.FieldType;
import dev.kith.db.run.Deadline;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.lucene.analysis.tokenattributes.TermToBytesRefAttribute;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopScoreDocCollectorManager;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.automaton.ByteRunAutomaton;
import org.jspecify.annotations.Nullable;

/** Search for words by Lucene's BM25. */
final class WordSearch {
  private static final int CHECKED = 1 << 12;

  private WordSearch() {}

  /**
   * The points that score best, ties by smaller id; a point's key is its negated score.
   *
   * @param paths of text fields, each known to be one
   * @param filter that points must match, or null for all
   */
  static List<SegmentPoint> best(
      IndexSearcher searcher,
      List<String> paths,
      String words,
      @Nullable Query filter,
      int k,
      Deadline deadline)
      throws IOException {
    var counts = new LinkedHashMap<Term, Integer>();
    for (var path : paths) {
      count(PayloadFields.name(path, FieldType.TEXT), words, deadline, counts);
    }
    var wanted = wanted(counts, filter, deadline);
    int all = Math.max(searcher.getIndexReader().maxDoc(), 1);
    var timed = new IndexSearcher(searcher.getIndexReader()); // the other one's threads share it
    timed.setQueryCache(null);
    timed.setTimeout(deadline::hasPassed);
    int asked = (int) Math.min(k + 1L, all); // one more shows whether the last score has others
    var top = top(timed, wanted, asked, deadline);
    while (cutsTies(top, k, asked) && asked < all) {
      asked = (int) Math.min(2L * asked, all);
      top = top(timed, wanted, asked, deadline);
    }
    var leaves = searcher.getIndexReader().leaves();
    var found = new ArrayList<SegmentPoint>();
    for (var hit : top) {
      var leaf = leaves.get(ReaderUtil.subIndex(hit.doc, leaves));
      found.add(new SegmentPoint(-hit.score, leaf, hit.doc - leaf.docBase));
    }
    return SegmentPoint.best(found, k);
  }

  private static ScoreDoc[] top(IndexSearcher searcher, Query query, int count, Deadline deadline)
      throws IOException {
    var top =
        searcher.search(query, new TopScoreDocCollectorManager(count, null, Integer.MAX_VALUE));
    deadline.check();
    return top.scoreDocs;
  }

  /** Whether documents that were not given may have the score of the k-th. */
  private static boolean cutsTies(ScoreDoc[] top, int k, int asked) {
    return top.length == asked && asked > k && top[asked - 1].score == top[k - 1].score;
  }

  /**
   * Lucene's own sum of words, unless there are more clauses, the filter's included, than Lucene
   * allows; a word that is asked for twice counts twice.
   */
  private static Query wanted(
      Map<Term, Integer> counts, @Nullable Query filter, Deadline deadline) {
    var clauses = new Clauses();
    if (filter != null) {
      filter.visit(clauses);
    }
    Query sum;
    if (counts.size() + clauses.count > IndexSearcher.getMaxClauseCount()) {
      sum = new WordSum(counts, deadline);
    } else {
      var terms = new BooleanQuery.Builder();
      counts.forEach((term, count) -> terms.add(times(term, count), BooleanClause.Occur.SHOULD));
      sum = terms.build();
    }
    var wanted = new BooleanQuery.Builder();
    wanted.add(sum, BooleanClause.Occur.MUST);
    if (filter != null) {
      wanted.add(filter, BooleanClause.Occur.FILTER);
    }
    return wanted.build();
  }

  private static Query times(Term term, int count) {
    var query = new TermQuery(term);
    return count == 1 ? query : new BoostQuery(query, count);
  }

  /** Counts a query's clauses as Lucene does. */
  private static final class Clauses extends QueryVisitor {
    private int count;

    @Override
    public void visitLeaf(Query query) {
      count++;
    }

    @Override
    public void consumeTerms(Query query, Term... terms) {
      count++;
    }

    @Override
    public void consumeTermsMatching(
        Query query, String field, Supplier<ByteRunAutomaton> automaton) {
      count++;
    }

    @Override
    public QueryVisitor getSubVisitor(BooleanClause.Occur occur, Query parent) {
      return this; // what must not match is counted, too
    }
  }

  private static void count(
      String field, String words, Deadline deadline, Map<Term, Integer> counts) throws IOException {
    try (var tokens = PayloadFields.ASKED.tokenStream(field, words)) {
      var bytes = tokens.addAttribute(TermToBytesRefAttribute.class);
      tokens.reset();
      for (int read = 0; tokens.incrementToken(); read++) {
        if (read % CHECKED == 0) {
          deadline.check();
        }
        counts.merge(new Term(field, BytesRef.deepCopyOf(bytes.getBytesRef())), 1, Integer::sum);
      }
      tokens.end();
    }
  }
}
