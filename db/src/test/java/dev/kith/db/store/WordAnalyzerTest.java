package dev.kith.db.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.core.testing.Seeded;
import dev.kith.db.filter.Filter;
import dev.kith.db.point.FieldType;
import dev.kith.db.point.Schema;
import java.io.IOException;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(Seeded.class)
class WordAnalyzerTest {
  private static final Schema SCHEMA = new Schema(Map.of(), Map.of("t", FieldType.TEXT), false);

  private static List<String> words(Analyzer analyzer, String text) throws IOException {
    var words = new ArrayList<String>();
    try (var stream = analyzer.tokenStream("", text)) {
      var term = stream.addAttribute(CharTermAttribute.class);
      stream.reset();
      while (stream.incrementToken()) {
        words.add(term.toString());
      }
      stream.end();
    }
    return words;
  }

  @ParameterizedTest
  @CsvSource({
    "Cafe\u0301, caf\u00e9",
    "Caf\u00e9, caf\u00e9",
    "\uff21\uff22\uff23, abc",
    "\uff11\uff12, 12",
    "don\u2019t, don't",
    "don\u02bct, don't",
    "\ufb01ne, fine",
    "\uff76\uff9e, \u30ac",
    "\u212a, k",
    "\ud835\udc00b, ab"
  })
  void words_typedInSeveralWays_areOne(String typed, String word) throws IOException {
    assertThat(words(PayloadFields.ANALYZER, typed)).containsExactly(word.replace("''", "'"));
    assertThat(words(PayloadFields.ASKED, typed)).first().isEqualTo(word.replace("''", "'"));
  }

  /** So that older points, and their scores, are found as before. */
  @Test
  void words_ordinaryText_areLucenesOwn(SplittableRandom random) throws IOException {
    for (int round = 0; round < 200 * Seeded.effort(); round++) {
      var text = new StringBuilder();
      for (int i = random.nextInt(40); i > 0; i--) {
        text.appendCodePoint(random.nextInt(0x20, random.nextBoolean() ? 0x7f : 0x250));
      }
      String composed = Normalizer.normalize(text, Normalizer.Form.NFKC).replace('\u02bc', '\'');
      var lucenes = words(new StandardAnalyzer(), composed);
      assertThat(words(PayloadFields.ANALYZER, composed)).isEqualTo(lucenes);
      assertThat(words(PayloadFields.ASKED, composed)).isEqualTo(lucenes);
    }
  }

  @Test
  void filter_onPointsOfTheOldAnalyzer_findsThemAsTheyWereTyped() throws IOException {
    var typed = List.of("don\u2019t", "don't", "cafe\u0301", "caf\u00e9", "\uff21");
    try (var directory = new ByteBuffersDirectory();
        var writer = new IndexWriter(directory, new IndexWriterConfig(new StandardAnalyzer()))) {
      for (var text : typed) {
        var document = new Document();
        document.add(new TextField("text.t", text, Field.Store.NO));
        writer.addDocument(document);
      }
      try (var reader = DirectoryReader.open(writer)) {
        var searcher = new IndexSearcher(reader);
        for (int i = 0; i < typed.size(); i++) {
          var filter = Filter.field("t").matches(typed.get(i));
          var found = searcher.search(FilterQueries.compile(filter, SCHEMA), 10);
          var documents = new ArrayList<Integer>();
          for (var hit : found.scoreDocs) {
            documents.add(hit.doc);
          }
          assertThat(documents).as(typed.get(i)).contains(i);
        }
      }
    }
  }
}
