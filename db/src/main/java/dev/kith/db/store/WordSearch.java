package dev.kith.db.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.analysis.tokenattributes.TermToBytesRefAttribute;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.FieldDoc;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortField;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopFieldCollectorManager;
import org.apache.lucene.util.BytesRef;
import org.jspecify.annotations.Nullable;

/** Search for words by Lucene's BM25. */
public final class WordSearch {
  private static final Sort BY_SCORE_THEN_ID =
      new Sort(SortField.FIELD_SCORE, new SortField(Documents.ID, SortField.Type.STRING));

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
      String field = PayloadFields.name(path);
      for (var term : terms(field, words)) {
        query.add(new TermQuery(term), BooleanClause.Occur.SHOULD);
      }
    }
    var wanted = new BooleanQuery.Builder();
    wanted.add(query.build(), BooleanClause.Occur.MUST);
    if (filter != null) {
      wanted.add(filter, BooleanClause.Occur.FILTER);
    }
    int most = Math.min(k, Math.max(searcher.getIndexReader().maxDoc(), 1));
    searcher.setTimeout(deadline);
    var top =
        searcher.search(
            wanted.build(),
            new TopFieldCollectorManager(BY_SCORE_THEN_ID, most, null, Integer.MAX_VALUE));
    deadline.check();
    var leaves = searcher.getIndexReader().leaves();
    var found = new ArrayList<Candidate>();
    for (var hit : top.scoreDocs) {
      var leaf = leaves.get(ReaderUtil.subIndex(hit.doc, leaves));
      float score = (Float) ((FieldDoc) hit).fields[0];
      found.add(new Candidate(-score, leaf, hit.doc - leaf.docBase));
    }
    return found;
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
