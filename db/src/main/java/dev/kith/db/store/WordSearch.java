package dev.kith.db.store;

import dev.kith.db.point.FieldType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.analysis.tokenattributes.TermToBytesRefAttribute;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopScoreDocCollectorManager;
import org.apache.lucene.util.BytesRef;
import org.jspecify.annotations.Nullable;

/** Search for words by Lucene's BM25. */
public final class WordSearch {
  private WordSearch() {}

  /**
   * The points that score best, ties by smaller id; a candidate's key is its negated score.
   *
   * @param paths of text fields, each known to be one
   * @param filter that points must match, or null for all
   */
  public static List<Candidate> best(
      IndexSearcher searcher,
      List<String> paths,
      String words,
      @Nullable Query filter,
      int k,
      Deadline deadline)
      throws IOException {
    var query = new BooleanQuery.Builder();
    for (var path : paths) {
      String field = PayloadFields.name(path, FieldType.TEXT);
      for (var term : terms(field, words)) {
        query.add(new TermQuery(term), BooleanClause.Occur.SHOULD);
      }
    }
    var wanted = new BooleanQuery.Builder();
    wanted.add(query.build(), BooleanClause.Occur.MUST);
    if (filter != null) {
      wanted.add(filter, BooleanClause.Occur.FILTER);
    }
    int all = Math.max(searcher.getIndexReader().maxDoc(), 1);
    var timed = new IndexSearcher(searcher.getIndexReader()); // the other one's threads share it
    timed.setQueryCache(null);
    timed.setTimeout(deadline);
    int asked = (int) Math.min(k + 1L, all); // one more shows whether the last score has others
    var top = top(timed, wanted.build(), asked, deadline);
    while (cutsTies(top, k, asked) && asked < all) {
      asked = (int) Math.min(2L * asked, all);
      top = top(timed, wanted.build(), asked, deadline);
    }
    var leaves = searcher.getIndexReader().leaves();
    var found = new ArrayList<Candidate>();
    for (var hit : top) {
      var leaf = leaves.get(ReaderUtil.subIndex(hit.doc, leaves));
      found.add(new Candidate(-hit.score, leaf, hit.doc - leaf.docBase));
    }
    return Candidate.best(found, k);
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

  private static List<Term> terms(String field, String words) throws IOException {
    var terms = new ArrayList<Term>();
    try (var tokens = PayloadFields.ANALYZER.tokenStream(field, words)) {
      var bytes = tokens.addAttribute(TermToBytesRefAttribute.class);
      tokens.reset();
      while (tokens.incrementToken()) {
        terms.add(new Term(field, BytesRef.deepCopyOf(bytes.getBytesRef())));
      }
      tokens.end();
    }
    return terms;
  }
}
